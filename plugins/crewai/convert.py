"""Messages to CrewAI's and back. CrewAI's are those of OpenAI's chat completions, as dicts.

Run by itself it reads lists of messages as JSON, a line each, and prints what comes back of them.
"""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from agentx_sdk.content import Part, ToolCall, ToolResult
from agentx_sdk.llm.converting import convert_lines
from agentx_sdk.llm.messages import ChatMessage, to_openai

DATA_URL = re.compile(r"data:([^;,]*);base64,(.*)", re.DOTALL)
ERROR = "Error: "


def to_native(messages: Sequence[ChatMessage], *, vision: bool = True) -> list[dict[str, Any]]:
    """As `Agent.kickoff_async` takes them."""
    return to_openai(messages, vision=vision)


def from_native(told: Iterable[dict[str, Any]]) -> list[ChatMessage]:
    """As `LiteAgentOutput.messages` has them."""
    names: dict[str, str] = {}
    found: list[ChatMessage] = []
    for each in told:
        calls = [_call(call) for call in each.get("tool_calls") or ()]
        names |= {call.id: call.name for call in calls}
        if each["role"] == "tool":
            _take_result(found, _result(each, names))
        else:
            parts = _parts(each.get("content"))
            found.append(ChatMessage(each["role"], parts, calls, name=each.get("name") or ""))
    return found


def _take_result(found: list[ChatMessage], result: ToolResult) -> None:
    """Results that follow one another are one message."""
    if found and found[-1].role == "tool":
        found[-1].results = [*found[-1].results, result]
    else:
        found.append(ChatMessage("tool", results=[result]))


def _parts(content: Any) -> list[Part]:
    if content is None:
        return []
    if isinstance(content, str):
        return [Part(text=content)]
    return [_part(each) for each in content]


def _part(told: dict[str, Any]) -> Part:
    if told["type"] != "image_url":
        return Part(text=told["text"])
    url = told["image_url"]["url"]
    found = DATA_URL.fullmatch(url)
    if found is None:
        return Part(url=url, media_type="image/*")
    return Part(raw=base64.b64decode(found[2]), media_type=found[1])


def _call(told: dict[str, Any]) -> ToolCall:
    function = told["function"]
    return ToolCall(told["id"], function["name"], json.loads(function["arguments"] or "{}"))


def _result(told: dict[str, Any], names: dict[str, str]) -> ToolResult:
    call, text = told["tool_call_id"], told["content"]
    name = names.get(call, "")
    if text.startswith(ERROR):
        return ToolResult(call, name, error=text.removeprefix(ERROR))
    return ToolResult(call, name, text)


if __name__ == "__main__":
    convert_lines(to_native, from_native)
