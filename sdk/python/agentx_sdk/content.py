"""What travels in a turn: parts, messages, artifacts, changes of state."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

SCHEMA_TYPE = "application/schema+json"
UNSET: Any = object()  # `None` is a JSON value that a data part may carry


@dataclass
class Part:
    """One piece of content: exactly one of text, raw (bytes), url and data (any JSON value)."""

    text: str | None = None
    raw: bytes | None = None
    url: str | None = None
    data: Any = UNSET
    media_type: str = ""
    filename: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`text`, `raw`, `url` or `data`."""
        for name in ("text", "raw", "url"):
            if getattr(self, name) is not None:
                return name
        return "data"


# A string becomes a text part; a dict, list, number or bool a data part.
Content: TypeAlias = str | Part | dict[str, Any] | list[Any] | int | float | bool


def part(content: Content) -> Part:
    """The part that a piece of content stands for."""
    if isinstance(content, Part):
        return content
    if isinstance(content, str):
        return Part(text=content)
    return Part(data=content)


def text_of(parts: list[Part]) -> str:
    """The text parts, one under another."""
    return "\n".join(each.text for each in parts if each.text is not None)


class Message:
    """A message to or from an agent. `role` is "user" or "agent"."""

    def __init__(
        self,
        *content: Content,
        role: str = "agent",
        metadata: dict[str, Any] | None = None,
        message_id: str = "",
        task_id: str = "",
        context_id: str = "",
    ) -> None:
        self.parts = [part(each) for each in content]
        self.role = role
        self.metadata = metadata or {}
        self.message_id = message_id
        self.task_id = task_id
        self.context_id = context_id

    @property
    def text(self) -> str:
        """The text parts, one under another."""
        return text_of(self.parts)


class DirectMessage(Message):
    """The whole answer, in place of a task: for a caller who only wants a word.

    Nothing else may come before or after it, and no earlier turn of the task may have answered. The
    agent says `direct_messages: true` in its plugin.yaml.
    """


class Reply:
    """The answer of a turn when it is more than one part: becomes the artifact named "reply"."""

    def __init__(self, *content: Content, metadata: dict[str, Any] | None = None) -> None:
        self.parts = [part(each) for each in content]
        self.metadata = metadata or {}


class Artifact:
    """Something the agent made. Yield it again with `append=True` to add parts to it."""

    def __init__(
        self,
        *content: Content,
        name: str = "",
        artifact_id: str = "",
        description: str = "",
        metadata: dict[str, Any] | None = None,
        append: bool = False,
        last_chunk: bool = True,
    ) -> None:
        self.parts = [part(each) for each in content]
        self.name = name
        self.artifact_id = artifact_id
        self.description = description
        self.metadata = metadata or {}
        self.append = append
        self.last_chunk = last_chunk


class Status:
    """A change of the task's state, with words for the caller. A final state ends the turn."""

    def __init__(
        self,
        *content: Content,
        state: str = "working",
        metadata: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        self.parts = [part(each) for each in content]
        self.state = state
        self.metadata = metadata or {}
        self.reason = reason


class InputRequired(Status):
    """Ask the caller; the turn ends, and the answer comes as the next turn of the same task.

    `schema`: the JSON Schema of the answer; who asks in a console draws a form of it and sends a data part.
    """

    def __init__(
        self,
        *question: Content,
        metadata: dict[str, Any] | None = None,
        schema: dict[str, Any] | None = None,
    ) -> None:
        form = [Part(data=schema, media_type=SCHEMA_TYPE)] if schema is not None else []
        super().__init__(*question, *form, state="input_required", metadata=metadata)


@dataclass
class ToolCall:
    """The agent calls a tool: yield it, and who follows the task sees it. `arguments` is a JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class ToolResult:
    """What came of a `ToolCall` with this id: `result` is any JSON value; `error` says why there is none."""

    id: str
    name: str
    result: Any = None
    error: str = ""


@dataclass
class Usage:
    """What a model took: tokens, and money where its price is known. Those of a turn are added up."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    currency: str = "USD"


class AuthRequired(Status):
    """Say that the caller must authorise something elsewhere before the task can go on.

    The turn ends, and the caller may write again. For a caller who follows the task it goes on as
    soon as the generator yields something more: wait for the authorisation there.
    """

    def __init__(self, *explanation: Content, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(*explanation, state="auth_required", metadata=metadata)
