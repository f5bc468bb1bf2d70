"""What an adapter returns or yields, as the events of a turn."""

import hashlib
from typing import Any

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.content import (
    Artifact,
    DirectMessage,
    Message,
    Part,
    Reply,
    Status,
    ToolCall,
    ToolResult,
    Usage,
    part,
)
from agentx_sdk.turn import Turn

STATES: dict[str, Any] = {
    name.removeprefix("TASK_STATE_").lower(): value for name, value in pb.TaskState.items()
}
GOING_ON = {"submitted", "working"}
WAITING = "auth_required"  # who follows the task may see it go on


LONGEST_KEY = 80  # characters; the core keeps 128 of an id, and a name stands before the key


class EventWriter:
    """The events of one turn, in order.

    Live: each piece of the reply leaves at once, appended to one artifact. Otherwise the pieces
    wait and leave as one artifact at the end. Ids follow from the message's, so that a message
    delivered twice makes the same artifacts twice and not two of each; another message of the task
    that came under the same id makes its own.
    """

    def __init__(self, turn: Turn, *, live: bool) -> None:
        self._turn = turn
        self._live = live
        self._key = _key(turn)
        self._reply_parts: list[pb.Part] = []
        self._reply_texts: list[str] = []
        self._reply_metadata: dict[str, Any] = {}
        self._reply_begun = False
        self._made = 0
        self._waiting = False
        self._begun = False
        self._usage: dict[str, dict[str, Any]] = {}
        self.ended = False

    def add(self, item: Any) -> list[pb.Event]:
        """The events that may leave now because of `item`. Raises TypeError, ValueError."""
        if item is None:
            return []
        if isinstance(item, DirectMessage):
            return [self._direct(item)]
        if isinstance(item, Usage):
            self._count(item)
            return []
        self._begun, self._waiting = True, False
        if isinstance(item, Status):
            return self._status(item)
        if isinstance(item, (ToolCall, ToolResult)):
            return self._status(Status(_tool_part(item)))
        if isinstance(item, Artifact):
            # The reply keeps its place among the artifacts, as it does when it leaves piece by piece.
            return [*self._flush(last_chunk=False), self._artifact(item)]
        if isinstance(item, Message):
            return [pb.Event(message=self._message(item))]
        return self._reply(item)

    def finish(self) -> list[pb.Event]:
        """The events that end the turn."""
        if self.ended or self._waiting:
            return []
        metadata = codec.object_json(self._told({}))
        completed = pb.StatusChange(state=pb.TASK_STATE_COMPLETED, metadata=metadata)
        return [*self._flush(), pb.Event(status=completed)]

    @property
    def usage(self) -> list[dict[str, Any]]:
        """What the models took so far: one entry for each."""
        return list(self._usage.values())

    def _count(self, usage: Usage) -> None:
        if usage.model not in self._usage:
            self._usage[usage.model] = {"model": usage.model, "inputTokens": 0, "outputTokens": 0}
        entry = self._usage[usage.model]
        entry["inputTokens"] += usage.input_tokens
        entry["outputTokens"] += usage.output_tokens
        if usage.cost is not None:
            entry["cost"] = entry.get("cost", 0.0) + usage.cost
            entry["currency"] = usage.currency

    def _told(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """A last status's metadata, with what the models took."""
        if not self._usage:
            return metadata
        return {**metadata, "agentx": {**metadata.get("agentx", {}), "usage": self.usage}}

    def _direct(self, message: DirectMessage) -> pb.Event:
        if self._begun:
            raise ValueError("a DirectMessage is the whole answer: nothing may come before it")
        self.ended = True
        wire = self._message(message)
        wire.ClearField("task_id")
        return pb.Event(reply=wire)

    def _status(self, status: Status) -> list[pb.Event]:
        state = STATES.get(status.state)
        if not state:
            raise ValueError(f"{status.state!r} is not a state: {', '.join(STATES)}")
        self._waiting = self._live and status.state == WAITING
        self.ended = not self._waiting and status.state not in GOING_ON
        change = pb.StatusChange(
            state=state,
            message=self._message(Message(*status.parts)) if status.parts else None,
            metadata=codec.object_json(
                self._told(status.metadata) if self.ended else status.metadata
            ),
            reason=status.reason,
        )
        before = self._flush() if self.ended else []
        return [*before, pb.Event(status=change)]

    def _artifact(self, artifact: Artifact) -> pb.Event:
        self._made += not artifact.append
        name = artifact.artifact_id or f"{artifact.name or 'artifact'}-{self._made}-{self._key}"
        wire = pb.Artifact(
            artifact_id=name,
            name=artifact.name,
            description=artifact.description,
            parts=codec.encode_parts(artifact.parts),
            metadata=codec.object_json(artifact.metadata),
        )
        change = pb.ArtifactChange(
            artifact=wire, append=artifact.append, last_chunk=artifact.last_chunk
        )
        return pb.Event(artifact=change)

    def _message(self, message: Message) -> pb.A2AMessage:
        self._made += 1
        turn = self._turn
        own_id = f"message-{self._made}-{self._key}"
        wire = codec.encode_message(message, own_id, turn.task_id, turn.context_id)
        wire.from_agent_id = turn.agent.id
        return wire

    def _reply(self, item: Any) -> list[pb.Event]:
        if self._live and item == "":  # frameworks yield empty tokens
            return []
        parts = _reply_parts(item)
        if isinstance(item, Reply):
            self._reply_metadata.update(item.metadata)
        if self._live:
            return [self._reply_event(parts, last_chunk=False)]
        self._keep(parts)
        return []

    def _keep(self, parts: list[pb.Part]) -> None:
        for each in parts:
            if _plain_text(each):
                self._reply_texts.append(each.text)
            else:
                self._seal()
                self._reply_parts.append(each)

    def _seal(self) -> None:
        """Pieces of text that follow one another are one part."""
        if self._reply_texts:
            self._reply_parts.append(pb.Part(text="".join(self._reply_texts)))
            self._reply_texts.clear()

    def _flush(self, *, last_chunk: bool = True) -> list[pb.Event]:
        self._seal()
        if not self._reply_parts:
            return []
        parts, self._reply_parts = self._reply_parts, []
        return [self._reply_event(parts, last_chunk=last_chunk)]

    def _reply_event(self, parts: list[pb.Part], *, last_chunk: bool) -> pb.Event:
        append, self._reply_begun = self._reply_begun, True
        artifact = pb.Artifact(
            artifact_id=f"reply-{self._key}",
            name="reply",
            parts=parts,
            metadata=codec.object_json(self._reply_metadata),
        )
        change = pb.ArtifactChange(artifact=artifact, append=append, last_chunk=last_chunk)
        return pb.Event(artifact=change)


def _reply_parts(item: Any) -> list[pb.Part]:
    if isinstance(item, str):
        return [pb.Part(text=item)]
    if isinstance(item, Reply):
        return codec.encode_parts(item.parts)
    if isinstance(item, (Part, dict, list, int, float)):
        return [codec.encode_part(part(item))]
    raise TypeError(f"process gave a {type(item).__name__}, which is nothing that can be sent")


def _plain_text(wire: pb.Part) -> bool:
    is_text = wire.WhichOneof("content") == "text"
    return is_text and not (wire.media_type or wire.filename or wire.metadata)


def _tool_part(item: ToolCall | ToolResult) -> Part:
    """A data part; its metadata says what it is."""
    if isinstance(item, ToolCall):
        data = {"id": item.id, "name": item.name, "arguments": item.arguments}
        return Part(data=data, metadata={"agentx": {"kind": "tool_call"}})
    told = {"error": item.error} if item.error else {"result": item.result}
    data = {"id": item.id, "name": item.name, **told}
    return Part(data=data, metadata={"agentx": {"kind": "tool_result"}})


def _key(turn: Turn) -> str:
    """The turn among those of its task."""
    given = turn.message_id or turn.request_id or turn.task_id
    told_before = sum(said.message_id == given for said in turn.history)
    if len(given) > LONGEST_KEY:
        given = hashlib.sha256(given.encode()).hexdigest()
    return f"{given}-{told_before + 1}" if told_before else given
