"""Messages of the Agent Framework, from the words that AgentX keeps, and back to them."""

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

from agent_framework import Content, Message
from agentx_sdk import Part, ToolCall, ToolResult
from agentx_sdk.llm.converting import convert_lines
from agentx_sdk.llm.messages import (
    ChatMessage,
    is_picture,
    media_type_of,
    outcome_text,
    words_of,
)

ERROR = "Error: "
NAME = "name"  # of a tool, in a result's additional properties: the framework knows it by the call only


def to_native(messages: Sequence[ChatMessage], *, vision: bool = True) -> list[Message]:
    """Pictures as such where the model sees, everything else as text."""
    return [_native(each, vision) for each in messages]


def from_native(messages: Iterable[Message]) -> list[ChatMessage]:
    """What agents were told and said."""
    names: dict[str, str] = {}
    return [_message(each, names) for each in messages]


def contents_of(parts: Sequence[Part], *, vision: bool) -> list[Content]:
    """One for each part."""
    return [
        _picture(part) if vision and is_picture(part) else Content.from_text(words_of(part))
        for part in parts
    ]


def _picture(part: Part) -> Content:
    kind, name = media_type_of(part), part.filename or None
    if part.url is not None:
        return Content.from_uri(part.url, media_type=kind, name=name)
    return Content.from_data(part.raw or b"", kind, name=name)


def _native(message: ChatMessage, vision: bool) -> Message:
    if message.role == "tool":
        return Message("tool", [_result(each) for each in message.results])
    contents = contents_of(message.parts, vision=vision and message.role == "user")
    contents += [
        Content.from_function_call(each.id, each.name, arguments=json.dumps(each.arguments))
        for each in message.calls
    ]
    return Message(message.role, contents, author_name=message.name or None)


def _result(result: ToolResult) -> Content:
    return Content.from_function_result(
        result.id,
        result=outcome_text(result),
        exception=result.error or None,
        additional_properties={NAME: result.name},
    )


def _message(message: Message, names: dict[str, str]) -> ChatMessage:
    calls = [_call(each) for each in message.contents if each.type == "function_call"]
    names |= {call.id: call.name for call in calls}
    results = [_told(each, names) for each in message.contents if each.type == "function_result"]
    parts = [part for each in message.contents for part in _parts(each)]
    role: Any = message.role
    return ChatMessage(role, parts, calls, results, message.author_name or "")


def _parts(content: Content) -> list[Part]:
    if content.type == "text":
        return [Part(text=content.text)] if content.text is not None else []
    if content.type not in ("data", "uri") or not content.uri:
        return []
    kind, name = content.media_type or "", _filename(content)
    if content.uri.startswith("data:"):
        raw = base64.b64decode(content.uri.partition(",")[2])
        return [Part(raw=raw, media_type=kind, filename=name)]
    return [Part(url=content.uri, media_type=kind, filename=name)]


def _filename(content: Content) -> str:
    return str(getattr(content, "name", None) or "")


def _call(content: Content) -> ToolCall:
    arguments = content.parse_arguments() or {}
    return ToolCall(content.call_id or "", content.name or "", dict(arguments))


def _told(content: Content, names: dict[str, str]) -> ToolResult:
    id = content.call_id or ""
    name = str((content.additional_properties or {}).get(NAME) or names.get(id) or "")
    text = content.result if isinstance(content.result, str) else json.dumps(content.result)
    if content.exception:
        return ToolResult(id, name, error=text.removeprefix(ERROR))
    return ToolResult(id, name, text)


if __name__ == "__main__":
    convert_lines(to_native, from_native)
