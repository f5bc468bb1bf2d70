"""A conversation in words that every framework can be told in, and that no framework owns.

From A2A's parts and to them (`of_turn`, `parts_of`), from JSON and to it, and in the form of OpenAI's
chat completions, which most frameworks take. Each plugin's `convert.py` goes on to its own classes.
"""

import base64
import json
import mimetypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from agentx_sdk.content import Part, ToolCall, ToolResult, text_of

Role = Literal["system", "user", "assistant", "tool"]
IMAGE = "image/"
JSON_TYPE = "application/json"
MOST_READ = 262_144  # bytes of a text file that is read out
HEAVY = 16_384  # bytes of a file that a memory keeps


@dataclass
class ChatMessage:
    """`calls`: of an assistant's message. `results`: of a tool's. `name`: who said it, among several."""

    role: Role
    parts: Sequence[Part] = ()
    calls: Sequence[ToolCall] = ()
    results: Sequence[ToolResult] = ()
    name: str = ""

    @property
    def text(self) -> str:
        """The text parts, one under another."""
        return text_of(list(self.parts))


def said(role: Role, text: str, name: str = "") -> ChatMessage:
    """A message of nothing but text."""
    return ChatMessage(role, [Part(text=text)], name=name)


def from_a2a(role: str, parts: Iterable[Part]) -> ChatMessage:
    """A message of the wire: its "agent" is the model's "assistant"."""
    return ChatMessage("user" if role == "user" else "assistant", list(parts))


def role_in_a2a(message: ChatMessage) -> str:
    """ "user" or "agent": A2A has no others."""
    return "user" if message.role == "user" else "agent"


# ---- JSON


def to_json(messages: Iterable[ChatMessage]) -> list[dict[str, Any]]:
    """For a memory. What says nothing is left out."""
    return [_message_json(each) for each in messages]


def from_json(told: Iterable[dict[str, Any]]) -> list[ChatMessage]:
    """Raises KeyError, TypeError for what `to_json` did not write."""
    return [
        ChatMessage(
            role=each["role"],
            parts=[_part(part) for part in each.get("parts", ())],
            calls=[ToolCall(**call) for call in each.get("calls", ())],
            results=[ToolResult(**result) for result in each.get("results", ())],
            name=each.get("name", ""),
        )
        for each in told
    ]


def _message_json(message: ChatMessage) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role}
    if message.parts:
        told["parts"] = [_part_json(part) for part in message.parts]
    if message.calls:
        told["calls"] = [vars(call) for call in message.calls]
    if message.results:
        told["results"] = [vars(result) for result in message.results]
    return told | ({"name": message.name} if message.name else {})


def _part_json(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"data": part.data} if part.kind == "data" else {}
    if part.raw is not None:
        told["raw"] = base64.b64encode(part.raw).decode()
    words = ("text", "url", "media_type", "filename", "metadata")
    return told | {
        name: value
        for name in words
        if (value := getattr(part, name)) or (value == "" and name == part.kind)
    }


def _part(told: dict[str, Any]) -> Part:
    raw = told.get("raw")
    return Part(**{**told, "raw": base64.b64decode(raw) if raw is not None else None})


# ---- What models read


def content_of(parts: Sequence[Part], *, vision: bool = True) -> str | list[dict[str, Any]]:
    """The `content` of a message to OpenAI's chat completions: text, or a list with pictures in it.

    What a model cannot read is named in words: its type, its name, its size, its address.
    """
    if all(part.kind != "raw" and not is_picture(part) for part in parts):
        return "\n".join(map(words_of, parts))
    told: list[dict[str, Any]] = []
    for part in parts:
        if vision and is_picture(part):
            told.append({"type": "image_url", "image_url": {"url": picture_url(part)}})
        else:
            told.append({"type": "text", "text": words_of(part)})
    if any(each["type"] != "text" for each in told):
        return told
    return "\n".join(each["text"] for each in told)


def is_picture(part: Part) -> bool:
    """Whether it is a picture, in it or at its address."""
    return part.kind in ("raw", "url") and media_type_of(part).startswith(IMAGE)


def media_type_of(part: Part) -> str:
    """As told, else by its file name or address; empty when nothing says it."""
    return part.media_type or mimetypes.guess_type(part.filename or part.url or "")[0] or ""


def picture_url(part: Part) -> str:
    """An address, or a `data:` URL with the picture in it."""
    if part.url is not None:
        return part.url
    encoded = base64.b64encode(part.raw or b"").decode()
    return f"data:{media_type_of(part)};base64,{encoded}"


def words_of(part: Part) -> str:
    """A part for a model that reads nothing but text. A text file is read out."""
    match part.kind:
        case "text":
            return part.text or ""
        case "data":
            return json.dumps(part.data, ensure_ascii=False)
        case "url":
            return f"[{part.filename or media_type_of(part) or 'file'}: {part.url}]"
        case _:
            return _file_words(part)


def _file_words(part: Part) -> str:
    raw, kind = part.raw or b"", media_type_of(part)
    if (kind.startswith("text/") or kind == JSON_TYPE) and len(raw) <= MOST_READ:
        return f"[{part.filename or kind}]\n{raw.decode(errors='replace')}"
    return _named(part)


def _named(part: Part) -> str:
    kind, size = media_type_of(part) or "unknown type", len(part.raw or b"")
    return f"[{part.filename or 'file'}, {kind}, {size} bytes]"


def result_text(value: Any) -> str:
    """A tool's result for a model: text as it is, else JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


# ---- OpenAI's chat completions


def to_openai(messages: Iterable[ChatMessage], *, vision: bool = True) -> list[dict[str, Any]]:
    """As `messages` of a request. A tool's message with several results becomes several."""
    return [told for message in messages for told in _openai(message, vision)]


def _openai(message: ChatMessage, vision: bool) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [
            {"role": "tool", "tool_call_id": each.id, "content": outcome_text(each)}
            for each in message.results
        ]
    told: dict[str, Any] = {"role": message.role}
    if message.parts or not message.calls:
        sees = vision and message.role == "user"
        told["content"] = content_of(message.parts, vision=sees)
    if message.calls:
        told.setdefault("content", None)
        told["tool_calls"] = [_openai_call(call) for call in message.calls]
    return [told | ({"name": message.name} if message.name else {})]


def _openai_call(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def outcome_text(result: ToolResult) -> str:
    """What the model is told of a call: the result, or why there is none."""
    return f"Error: {result.error}" if result.error else result_text(result.result)


# ---- Histories


def in_order(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Each call with its result right behind its message, as models insist; calls without a result are left out."""
    results = {result.id: result for each in messages for result in each.results}
    ordered: list[ChatMessage] = []
    for message in messages:
        if message.role == "tool":
            continue
        calls = [call for call in message.calls if call.id in results]
        if not calls and not message.parts:
            continue
        ordered.append(ChatMessage(message.role, message.parts, calls, (), message.name))
        if calls:
            ordered.append(ChatMessage("tool", results=[results[call.id] for call in calls]))
    return ordered


def newest(messages: Sequence[ChatMessage], count: int, size: int) -> list[ChatMessage]:
    """At most so many messages and so many bytes of JSON, beginning with a user's message."""
    kept = list(messages)[-count:]
    sizes = [len(json.dumps(_message_json(each))) for each in kept]
    start, total = len(kept), 0
    while start and total + sizes[start - 1] <= size:
        start -= 1
        total += sizes[start]
    while start < len(kept) and kept[start].role != "user":
        start += 1
    return kept[start:]


def lightened(message: ChatMessage, most: int) -> ChatMessage:
    """Without what is too heavy to be remembered: of a text its first `most` characters, of a large file its name."""
    parts = [_light(part, most) for part in message.parts]
    return ChatMessage(message.role, parts, message.calls, message.results, message.name)


def _light(part: Part, most: int) -> Part:
    if part.text is not None and len(part.text) > most:
        return replace(part, text=f"{part.text[:most]} … (cut at {most} characters)")
    return Part(text=_named(part)) if len(part.raw or b"") > HEAVY else part


def in_words(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Without tools: what a person would remember of it."""
    return [ChatMessage(each.role, each.parts, name=each.name) for each in messages if each.parts]
