"""Messages to Semantic Kernel's and back.

Run by itself it reads lists of messages as JSON, a line each, and prints what comes back of them.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from agentx_sdk.content import Part, ToolCall, ToolResult
from agentx_sdk.llm.converting import convert_lines
from agentx_sdk.llm.messages import (
    ChatMessage,
    is_picture,
    media_type_of,
    outcome_text,
    words_of,
)
from semantic_kernel.contents import (
    AuthorRole,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    ImageContent,
    TextContent,
)

ERROR = "Error: "
PREFIX = "tools-"  # of the plugin that AgentX's tools are in


def to_native(messages: Sequence[ChatMessage], *, vision: bool = True) -> list[ChatMessageContent]:
    """As a `ChatHistory` has them. A tool's message with several results becomes several."""
    return [told for each in messages for told in _native(each, vision)]


def _native(message: ChatMessage, vision: bool) -> list[ChatMessageContent]:
    if message.role == "tool":
        return [_native_result(each) for each in message.results]
    sees = vision and message.role == "user"
    items: list[Any] = [_item(part, sees) for part in message.parts]
    items += [_native_call(call) for call in message.calls]
    role = AuthorRole(message.role)
    return [ChatMessageContent(role=role, items=items, name=message.name or None)]


def _item(part: Part, sees: bool) -> TextContent | ImageContent:
    if not (sees and is_picture(part)):
        return TextContent(text=words_of(part))
    if part.url is not None:
        return ImageContent(uri=part.url)
    return ImageContent(data=part.raw, data_format="base64", mime_type=media_type_of(part))


def _native_call(call: ToolCall) -> FunctionCallContent:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return FunctionCallContent(id=call.id, name=call.name, arguments=arguments)


def _native_result(result: ToolResult) -> ChatMessageContent:
    item = FunctionResultContent(id=result.id, name=result.name, result=outcome_text(result))
    return ChatMessageContent(role=AuthorRole.TOOL, items=[item])


def from_native(told: Iterable[ChatMessageContent]) -> list[ChatMessage]:
    """Of a `ChatHistory`, or of what an agent answered. Results that follow one another are one message."""
    found: list[ChatMessage] = []
    for each in told:
        message = _message(each)
        if message.role == "tool" and found and found[-1].role == "tool":
            found[-1].results = [*found[-1].results, *message.results]
        else:
            found.append(message)
    return found


def _message(told: ChatMessageContent) -> ChatMessage:
    role: Any = "system" if told.role == AuthorRole.DEVELOPER else told.role.value
    message = ChatMessage(role, name=told.name or "")
    for item in told.items:
        if isinstance(item, FunctionCallContent):
            message.calls = [*message.calls, _call(item)]
        elif isinstance(item, FunctionResultContent):
            message.results = [*message.results, _result(item)]
        elif isinstance(item, ImageContent):
            message.parts = [*message.parts, _picture(item)]
        else:
            message.parts = [*message.parts, Part(text=str(item))]
    return message


def _picture(item: ImageContent) -> Part:
    if item.data:
        return Part(raw=bytes(item.data), media_type=item.mime_type)
    return Part(url=str(item.uri), media_type="image/*")


def _call(item: FunctionCallContent) -> ToolCall:
    given = item.arguments
    arguments = json.loads(given or "{}") if isinstance(given, str) else dict(given or {})
    return ToolCall(item.id or "", (item.name or "").removeprefix(PREFIX), arguments)


def _result(item: FunctionResultContent) -> ToolResult:
    text, name = str(item.result), (item.name or "").removeprefix(PREFIX)
    if text.startswith(ERROR):
        return ToolResult(item.id or "", name, error=text.removeprefix(ERROR))
    return ToolResult(item.id or "", name, text)


if __name__ == "__main__":
    convert_lines(to_native, from_native)
