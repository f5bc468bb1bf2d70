"""What runs of agents and workflows yield, as what a turn yields."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent_framework import AgentResponse, AgentResponseUpdate, Content, Message
from agentx_sdk import Part, Reply, ToolCall, ToolResult
from agentx_sdk.llm import Exchange
from agentx_sdk.llm.answers import data_of
from workflows import CANNED

APART = "\n\n"


class Words:
    """The text of updates. The responses API tells each text whole once more when all of its pieces came."""

    def __init__(self) -> None:
        self._came: set[str] = set()

    def of(self, update: AgentResponseUpdate, id: str = "") -> str:
        """What is new of it. `id`: whose update it is, among several at once."""
        new: list[str] = []
        for content in update.contents:
            if content.type != "text" or not content.text:
                continue
            if content.merge_mode != "replace":
                self._came.add(id)
                new.append(content.text)
            elif id not in self._came:
                new.append(content.text)
            else:
                self._came.discard(id)
        return "".join(new)


class Tools:
    """Calls of tools that do not show themselves: an author's own, and those that a provider runs."""

    def __init__(self, ours: set[str]) -> None:
        self._ours = ours
        self._calls: dict[str, list[Content]] = {}  # each comes in pieces

    def shown(self, contents: Sequence[Content]) -> list[ToolCall | ToolResult]:
        """What a piece of a run says of them: a call is shown with its result."""
        found: list[ToolCall | ToolResult] = []
        for content in contents:
            if content.type == "function_call":
                self._calls.setdefault(content.call_id or "", []).append(content)
            elif content.type == "function_result":
                found += self._done(content)
        return found

    def _done(self, result: Content) -> list[ToolCall | ToolResult]:
        id = result.call_id or ""
        pieces = self._calls.pop(id, [])
        name = next((each.name for each in pieces if each.name), "")
        if not name or name in self._ours:
            return []
        call = ToolCall(id, name, _arguments(pieces))
        if result.exception:
            return [call, ToolResult(id, name, error=str(result.result or "it failed"))]
        return [call, ToolResult(id, name, result.result)]


def _arguments(pieces: Sequence[Content]) -> dict[str, Any]:
    """Those of a call; models make mistakes in JSON."""
    whole = [each.arguments for each in pieces if isinstance(each.arguments, Mapping)]
    if whole:
        return dict(whole[-1])
    text = "".join(each.arguments for each in pieces if isinstance(each.arguments, str))
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {"arguments": text}
    return told if isinstance(told, dict) else {"arguments": told}


class Followed:
    """A workflow's run as it goes on: what of it is shown, and what came of it.

    `whole`: the answer is told in the end only. `schema`: of the answer; it is data then.
    """

    def __init__(self, exchange: Exchange, *, whole: bool) -> None:
        self._exchange = exchange
        self._schema = exchange.spec.output_schema
        self._whole = whole or bool(self._schema)
        self._words = Words()
        self._pieces: dict[str, list[str]] = {}
        self._spoke = ""  # who said what was told last
        self._member_words = ""
        self._outputs: list[str] = []
        self.waits_for: list[Any] = []

    def take(self, event: Any) -> list[Any]:
        """What a turn yields because of it."""
        match event.type:
            case "output":
                return self._output(event.executor_id, event.data)
            case "intermediate":
                self._member(event.executor_id, event.data)
            case "executor_completed":
                self._flush(event.executor_id)
            case "request_info":
                self.waits_for.append(event)
            case _:
                pass
        return []

    def end(self) -> list[Any]:
        """What is left to tell."""
        for id in list(self._pieces):
            self._flush(id)
        text = APART.join(each for each in self._outputs if each and each not in CANNED)
        text = text or self._member_words
        if self._schema and text:
            return [Reply(Part(data=data_of(text)))]
        return [text] if self._whole and text else []

    def _output(self, id: str, data: Any) -> list[Any]:
        text = self._text(id, data)
        if text is None:
            return [] if data is None else [Reply(Part(data=_plain(data)))]
        if self._whole:
            self._gather(id, data, text)
            return []
        if not text:
            return []
        apart = bool(self._spoke) and self._spoke != id
        self._spoke = id
        return [APART, text] if apart else [text]

    def _gather(self, id: str, data: Any, text: str) -> None:
        """An answer that comes in pieces, or several that come at once."""
        if isinstance(data, AgentResponseUpdate) and self._outputs and self._spoke == id:
            self._outputs[-1] += text
        else:
            self._outputs.append(text)
        self._spoke = id

    def _member(self, id: str, data: Any) -> None:
        text = self._text(id, data)
        if text is not None:
            self._pieces.setdefault(id, []).append(text)

    def _flush(self, id: str) -> None:
        words = "".join(self._pieces.pop(id, ()))
        if words:
            self._member_words = words
            self._exchange.member_said(id, words)

    def _text(self, id: str, data: Any) -> str | None:
        """The words of an output; None for one that is data."""
        return self._words.of(data, id) if isinstance(data, AgentResponseUpdate) else _text(data)


def _text(data: Any) -> str | None:
    if isinstance(data, AgentResponse):
        return APART.join(each.text for each in data.messages if each.text)
    if isinstance(data, Message):
        return data.text
    if isinstance(data, list) and data and all(isinstance(each, Message) for each in data):
        return str(data[-1].text)
    return data if isinstance(data, str) else None


def _plain(data: Any) -> Any:
    """As JSON: what an author's workflow gave."""
    dump = getattr(data, "model_dump", None) or getattr(data, "to_dict", None)
    value = dump() if dump is not None else data
    if not isinstance(value, (Mapping, list, str, int, float, bool)):
        value = vars(value) if hasattr(value, "__dict__") else str(value)
    return json.loads(json.dumps(value, default=str))
