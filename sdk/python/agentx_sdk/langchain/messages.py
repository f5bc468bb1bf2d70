"""Conversations in LangChain's messages.

LangChain's messages hold text, pictures, calls and results. A data part or a file becomes words, and
several texts of one message become one text, as models read them.
"""

import base64
import mimetypes
from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agentx_sdk.content import Part, ToolCall, ToolResult
from agentx_sdk.llm.messages import HEAVY, ChatMessage, Role, content_of, outcome_text

ROLES: dict[str, Role] = {"system": "system", "human": "user", "ai": "assistant", "tool": "tool"}
FAILED = "Error: "


def to_native(messages: Iterable[ChatMessage], *, vision: bool = True) -> list[BaseMessage]:
    """A tool's message with several results becomes several."""
    return [each for message in messages for each in _native(message, vision)]


def from_native(messages: Iterable[BaseMessage]) -> list[ChatMessage]:
    """Results that follow one another become one message."""
    found: list[ChatMessage] = []
    for message in messages:
        if isinstance(message, ToolMessage) and found and found[-1].role == "tool":
            found[-1] = ChatMessage("tool", results=[*found[-1].results, _result(message)])
        else:
            found.append(_neutral(message))
    return found


def text_of(message: BaseMessage) -> str:
    """Its words, without reasoning, pictures and calls."""
    if isinstance(message.content, str):
        return message.content
    return "".join(
        each if isinstance(each, str) else each.get("text", "")
        for each in message.content
        if isinstance(each, str) or each.get("type") in ("text", "output_text")
    )


def lightened(message: BaseMessage) -> BaseMessage:
    """Without pictures that are too heavy to be remembered: their size is."""
    if isinstance(message.content, str) or not any(map(_is_heavy, message.content)):
        return message
    content: list[Any] = [
        {"type": "text", "text": f"[picture, {len(_address(each)) * 3 // 4} bytes]"}
        if _is_heavy(each)
        else each
        for each in message.content
    ]
    return message.model_copy(update={"content": content})


def _is_heavy(block: str | dict[str, Any]) -> bool:
    return isinstance(block, dict) and len(_address(block)) * 3 // 4 > HEAVY


def _address(block: Any) -> str:
    told = block.get("image_url") or block.get("base64") or ""
    return str(told["url"] if isinstance(told, dict) else told)


def _native(message: ChatMessage, vision: bool) -> list[BaseMessage]:
    if message.role == "tool":
        return [_tool_message(each) for each in message.results]
    sees = vision and message.role == "user"
    content: Any = content_of(message.parts, vision=sees)
    name = message.name or None
    if message.role == "assistant":
        calls: list[Any] = [
            {"name": call.name, "args": call.arguments, "id": call.id, "type": "tool_call"}
            for call in message.calls
        ]
        return [AIMessage(content=content, tool_calls=calls, name=name)]
    kind = SystemMessage if message.role == "system" else HumanMessage
    return [kind(content=content, name=name)]


def _tool_message(result: ToolResult) -> ToolMessage:
    """The model reads the content; a result that is no text stays beside it, as it was."""
    plain = result.error or result.result is None or isinstance(result.result, str)
    return ToolMessage(
        content=outcome_text(result),
        tool_call_id=result.id,
        name=result.name,
        status="error" if result.error else "success",
        artifact=None if plain else result.result,
    )


def _neutral(message: BaseMessage) -> ChatMessage:
    if isinstance(message, ToolMessage):
        return ChatMessage("tool", results=[_result(message)])
    calls = [
        ToolCall(call["id"] or "", call["name"], call["args"])
        for call in getattr(message, "tool_calls", ())
    ]
    parts = _parts(message.content)
    return ChatMessage(ROLES.get(message.type, "user"), parts, calls=calls, name=message.name or "")


def _result(message: ToolMessage) -> ToolResult:
    text, name = text_of(message), message.name or ""
    if message.status == "error":
        return ToolResult(message.tool_call_id, name, error=text.removeprefix(FAILED))
    told = text if message.artifact is None else message.artifact
    return ToolResult(message.tool_call_id, name, told)


def _parts(content: str | Sequence[str | dict[str, Any]]) -> list[Part]:
    if isinstance(content, str):
        return [Part(text=content)] if content else []
    return [part for each in content if (part := _part(each)) is not None]


def _part(block: str | dict[str, Any]) -> Part | None:
    if isinstance(block, str):
        return Part(text=block)
    if "text" in block:
        return Part(text=block["text"])
    if block.get("type") == "image_url":
        told = block["image_url"]
        return _picture(told if isinstance(told, str) else told["url"])
    if block.get("type") == "image" and "base64" in block:
        return Part(raw=base64.b64decode(block["base64"]), media_type=block.get("mime_type", ""))
    if block.get("type") == "image" and "url" in block:
        return _picture(block["url"])
    return None


def _picture(url: str) -> Part:
    head, comma, encoded = url.partition(";base64,")
    if comma and head.startswith("data:"):
        return Part(raw=base64.b64decode(encoded), media_type=head.removeprefix("data:"))
    return Part(url=url, media_type=mimetypes.guess_type(url)[0] or "")
