"""What came back, with the questions that tests ask of it."""

from collections.abc import Iterable
from typing import Any

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.content import SCHEMA_TYPE, Message, Part, text_of


class Answer(list[pb.Event]):
    """The events of a turn, in order."""

    def __init__(self, responses: Iterable[pb.ProcessMessageResponse]) -> None:
        super().__init__()
        self.success = True
        self.error = self.error_code = ""
        self.memory: bytes | None = None
        self.failure: dict[str, Any] = {}
        for response in responses:
            self.extend(response.events)
            self.success = self.success and response.success
            self.error = response.error or self.error
            self.error_code = response.error_code or self.error_code
            self.failure |= codec.json_object(response.metadata_json)
            if response.HasField("memory"):
                self.memory = response.memory

    @property
    def state(self) -> str:
        """The state the turn ended in: "completed", "input_required", …; "failed" on failure."""
        states = [event.status.state for event in self if event.HasField("status")]
        if not self.success:
            return "failed"
        return pb.TaskState.Name(states[-1]).removeprefix("TASK_STATE_").lower() if states else ""

    @property
    def text(self) -> str:
        """The text of every artifact, pieces joined as they came."""
        texts = (part.text for part in self.parts if part.text is not None)
        return "".join(texts)

    @property
    def question(self) -> str:
        """The words of the last change of state: a question, or why it was rejected."""
        messages = [event.status.message for event in self if event.HasField("status")]
        return text_of(codec.message_parts(messages[-1])) if messages else ""

    @property
    def reply(self) -> Message | None:
        """The direct message that stands in place of a task."""
        replies = [event.reply for event in self if event.HasField("reply")]
        return codec.decode_message(replies[-1]) if replies else None

    @property
    def parts(self) -> list[Part]:
        """The parts of every artifact."""
        return [codec.decode_part(part) for artifact in self.artifacts for part in artifact.parts]

    @property
    def artifacts(self) -> list[pb.Artifact]:
        """Every artifact change, as it came."""
        return [event.artifact.artifact for event in self if event.HasField("artifact")]

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """The tools that were called: `{"id", "name", "arguments"}`."""
        return self._told("tool_call")

    @property
    def tool_results(self) -> list[dict[str, Any]]:
        """What came of them: `{"id", "name", "result"}`, or "error" in place of "result"."""
        return self._told("tool_result")

    @property
    def usage(self) -> list[dict[str, Any]]:
        """What each model took: `{"model", "inputTokens", "outputTokens", "cost"?, "currency"?}`."""
        statuses = [event.status for event in self if event.HasField("status")]
        told = codec.json_object(statuses[-1].metadata) if statuses else {}
        found: list[dict[str, Any]] = {**told, **self.failure}.get("agentx", {}).get("usage", [])
        return found

    @property
    def form(self) -> dict[str, Any] | None:
        """The JSON Schema of the answer that an `InputRequired` asks for."""
        forms = [part for part in self._last_parts() if part.media_type == SCHEMA_TYPE]
        return forms[0].data if forms else None

    def _last_parts(self) -> list[Part]:
        messages = [event.status.message for event in self if event.HasField("status")]
        return codec.message_parts(messages[-1]) if messages else []

    def _told(self, kind: str) -> list[dict[str, Any]]:
        statuses = (event.status for event in self if event.HasField("status"))
        parts = (part for status in statuses for part in codec.message_parts(status.message))
        return [part.data for part in parts if part.metadata.get("agentx", {}).get("kind") == kind]
