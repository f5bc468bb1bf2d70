"""Messages of AutoGen's models, from the words that AgentX keeps, and back to them."""

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

from agentx_sdk import Part, ToolCall, ToolResult
from agentx_sdk.llm.converting import convert_lines
from agentx_sdk.llm.messages import (
    ChatMessage,
    is_picture,
    media_type_of,
    outcome_text,
    words_of,
)
from autogen_core import FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

USER, ASSISTANT = "user", "assistant"
ERROR = "Error: "


class Picture(Image):
    """A picture as it came: AutoGen's own opens every one and writes it anew as PNG."""

    def __init__(self, part: Part) -> None:
        self.part = part

    @property
    def data_uri(self) -> str:
        """Its address, or itself."""
        return self.part.url or f"data:{media_type_of(self.part)};base64,{self.to_base64()}"

    def to_base64(self) -> str:
        return base64.b64encode(self.part.raw or b"").decode()


def to_native(
    messages: Sequence[ChatMessage], *, vision: bool = True, links: bool = True
) -> list[LLMMessage]:
    """`links`: pictures may stand for their addresses, which AutoGen cannot save with a team."""
    return [_native(each, vision, links) for each in messages]


def from_native(messages: Iterable[LLMMessage]) -> list[ChatMessage]:
    """What AutoGen's models were told and said."""
    return [_message(each) for each in messages]


def content_of(
    parts: Sequence[Part], *, vision: bool = True, links: bool = True
) -> str | list[str | Image]:
    """Text; with pictures among it a list."""
    told: list[str | Image] = []
    for part in parts:
        seen = vision and is_picture(part) and (links or part.url is None)
        told.append(Picture(part) if seen else words_of(part))
    if any(isinstance(each, Image) for each in told):
        return told
    return "\n".join(map(str, told))


def _native(message: ChatMessage, vision: bool, links: bool) -> LLMMessage:
    if message.role == "tool":
        return FunctionExecutionResultMessage(content=[_result(each) for each in message.results])
    if message.role == "user":
        content = content_of(message.parts, vision=vision, links=links)
        return UserMessage(content=content, source=message.name or USER)
    text = str(content_of(message.parts, vision=False))
    if message.role == "system":
        return SystemMessage(content=text)
    source = message.name or ASSISTANT
    if not message.calls:
        return AssistantMessage(content=text, source=source)
    calls = [FunctionCall(each.id, json.dumps(each.arguments), each.name) for each in message.calls]
    return AssistantMessage(content=calls, thought=text if message.parts else None, source=source)


def _result(result: ToolResult) -> FunctionExecutionResult:
    return FunctionExecutionResult(
        content=outcome_text(result),
        name=result.name,
        call_id=result.id,
        is_error=bool(result.error),
    )


def _message(message: LLMMessage) -> ChatMessage:
    if isinstance(message, SystemMessage):
        return ChatMessage("system", [Part(text=message.content)])
    if isinstance(message, UserMessage):
        name = message.source if message.source != USER else ""
        return ChatMessage("user", _parts(message.content), name=name)
    if isinstance(message, FunctionExecutionResultMessage):
        return ChatMessage("tool", results=[_told(each) for each in message.content])
    name = message.source if message.source != ASSISTANT else ""
    if isinstance(message.content, str):
        return ChatMessage("assistant", _parts(message.content), name=name)
    calls = [ToolCall(each.id, each.name, _arguments(each.arguments)) for each in message.content]
    return ChatMessage("assistant", _parts(message.thought or ""), calls, name=name)


def _parts(content: str | list[str | Image]) -> list[Part]:
    if isinstance(content, str):
        return [Part(text=content)] if content else []
    return [Part(text=each) if isinstance(each, str) else _picture(each) for each in content]


def _picture(image: Image) -> Part:
    if isinstance(image, Picture):
        return image.part
    return Part(raw=base64.b64decode(image.to_base64()), media_type="image/png")


def _told(result: FunctionExecutionResult) -> ToolResult:
    if result.is_error:
        error = result.content.removeprefix(ERROR)
        return ToolResult(result.call_id, result.name, error=error)
    return ToolResult(result.call_id, result.name, result.content)


def _arguments(text: str) -> dict[str, Any]:
    """Those of a call; models make mistakes in JSON, which a history must outlive."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


if __name__ == "__main__":
    convert_lines(to_native, from_native)
