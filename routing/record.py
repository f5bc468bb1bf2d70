"""A task in memory: A2A's JSON, and how events change it. Pure: no rows, no network."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from routing.models import INTERRUPTED, TERMINAL

Json = dict[str, Any]
Kind = Literal["status", "artifact", "message"]
PREFIX: Final = "TASK_STATE_"
STATUS_KEYS: Final = ("state", "timestamp", "message")


def now() -> datetime:
    """UTC to the millisecond, so that a row's time and the timestamp shown in its JSON are the same."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def timestamp(moment: datetime) -> str:
    """RFC 3339 with milliseconds and Z, as A2A wants it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Event:
    """One numbered change.

    `payload` by `kind`: status: A2A TaskStatus, perhaps with the event's `metadata` beside it; artifact: `{artifact,
    append?, lastChunk?, metadata?}`; message: A2A Message.
    """

    seq: int
    kind: Kind
    payload: Json


@dataclass(slots=True)
class Record:
    """The snapshot of a task. Never changed in place once committed: `after` gives the next one."""

    id: str
    agent_id: str
    agent_slug: str
    owner: str
    context_id: str
    state: str
    status: Json
    updated: datetime
    opened: datetime
    seq: int = 1
    owner_label: str = ""
    tenant: str | None = None
    door: str = ""
    request_id: str = ""
    lease_owner: str = ""
    reason: str = ""
    metadata: Json | None = None
    scope: str = ""  # the A2A tenant
    # No task to callers: the agent answered with a message, or has not begun to answer and may yet do so.
    is_direct: bool = False
    request: Json | None = None  # see routing.delivery.turns.request_of
    deliveries: int = 1
    upstream: Json | None = None  # of a remote agent: its taskId and contextId
    keeps_memory: bool = False  # its agent: one turn of the conversation at a time
    parent: str | None = None  # the task whose turn asked for this one
    trace: str = ""  # 32 hexadecimal digits
    usage: Json | None = None  # see routing.usage
    artifacts: list[Json] = field(default_factory=list)
    history: list[Json] = field(default_factory=list)

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def is_interrupted(self) -> bool:
        return self.state in INTERRUPTED

    @property
    def is_settled(self) -> bool:
        """Nothing more comes unless somebody sends the next message."""
        return self.is_terminal or self.is_interrupted

    def a2a(self, history_length: int | None = None, *, artifacts: bool = True) -> Json:
        """A2A Task. History: None everything, 0 no `history` key, N the newest N messages."""
        task: Json = {"id": self.id, "contextId": self.context_id, "status": self.status}
        if artifacts and self.artifacts:
            task["artifacts"] = self.artifacts
        if history_length != 0 and (history := self._told_history()):
            task["history"] = history if history_length is None else history[-history_length:]
        if self.metadata:
            task["metadata"] = self.metadata
        return task

    def response(self, history_length: int | None = None) -> Json:
        """A2A SendMessageResponse: the task, or the message of an agent that answered directly."""
        if self.is_direct:
            return {"message": self.status["message"]}
        return {"task": self.a2a(history_length)}

    def _told_history(self) -> list[Json]:
        """Without the message that the status shows already: it alone, for agents may use an id again."""
        shown = self.status.get("message", {}).get("messageId")
        for index in reversed(range(len(self.history) if shown else 0)):
            if self.history[index]["messageId"] == shown:
                return self.history[:index] + self.history[index + 1 :]
        return self.history


def status_of(state: str, moment: datetime, message: Json | None = None) -> Json:
    """A2A TaskStatus of a state without its prefix."""
    status: Json = {"state": PREFIX + state, "timestamp": timestamp(moment)}
    if message is not None:
        status["message"] = message
    return status


def message_of_agent(record: Record, text: str) -> Json:
    """A message by which AgentX explains, in the agent's place, why a task ended."""
    return {
        "messageId": f"{record.id}-{record.seq + 1}",
        "contextId": record.context_id,
        "taskId": record.id,
        "role": "ROLE_AGENT",
        "parts": [{"text": text}],
    }


def after(record: Record, changes: Iterable[tuple[Kind, Json]]) -> tuple[Record, list[Event]]:
    """The record and its new events once these changes have happened, in order."""
    changed = replace(record, artifacts=list(record.artifacts), history=list(record.history))
    events = []
    for kind, payload in changes:
        changed.seq += 1
        events.append(Event(changed.seq, kind, payload))
        _apply(changed, kind, payload)
    return changed, events


def _apply(record: Record, kind: Kind, payload: Json) -> None:
    if kind == "status":
        record.status = {key: payload[key] for key in STATUS_KEYS if key in payload}
        record.state = payload["state"].removeprefix(PREFIX)
        record.updated = datetime.fromisoformat(payload["timestamp"])
        if message := payload.get("message"):
            record.history.append(message)
    elif kind == "artifact":
        _place(record.artifacts, payload["artifact"], append=payload.get("append", False))
    else:
        record.history.append(payload)


def _place(artifacts: list[Json], artifact: Json, *, append: bool) -> None:
    """Add to the artifact of this id, put in its place, or begin it."""
    for index, known in enumerate(artifacts):
        if known["artifactId"] == artifact["artifactId"]:
            artifacts[index] = _longer(known, artifact) if append else artifact
            return
    artifacts.append(artifact)


def _longer(known: Json, more: Json) -> Json:
    return {**known, **more, "parts": [*known["parts"], *more["parts"]]}


def stream_response(record: Record, event: Event) -> Json | None:
    """A2A StreamResponse of an event; a caller's own message is not told to the streams."""
    if record.is_direct and "message" in event.payload:
        return {"message": event.payload["message"]}
    update: Json = {"taskId": record.id, "contextId": record.context_id}
    if event.kind == "artifact":
        return {"artifactUpdate": update | event.payload}
    if event.kind == "message":
        return None
    update["status"] = {key: event.payload[key] for key in STATUS_KEYS if key in event.payload}
    if metadata := event.payload.get("metadata"):
        update["metadata"] = metadata
    return {"statusUpdate": update}
