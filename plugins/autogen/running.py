"""What AutoGen's agents and teams yield, as what a turn yields."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from agentx_sdk import Part, ToolCall, ToolResult, Usage
from agentx_sdk.llm import Exchange
from agentx_sdk.llm.answers import data_of
from autogen_agentchat.base import TaskResult
from autogen_agentchat.messages import (
    BaseChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    StructuredMessage,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from autogen_core import CancellationToken
from clients import Watch
from convert import content_of
from graphs import is_question

CANCEL_SECONDS = 5.0
BEGIN, END = "<think>", "</think>"  # AutoGen puts a model's thoughts among its words
DONE = object()


def message_of(
    parts: Sequence[Part], source: str, *, vision: bool, links: bool = False
) -> TextMessage | MultiModalMessage:
    """The caller's message for an agent or a team."""
    content = content_of(parts, vision=vision, links=links)
    if isinstance(content, str):
        return TextMessage(content=content, source=source)
    return MultiModalMessage(content=content, source=source)


async def events(runnable: Any, task: Any, watch: Watch) -> AsyncIterator[Any]:
    """What a run yields. Left early, it is over before this returns: a team goes on by itself else.

    Raises what the model raised, where a team tells only its words.
    """
    token, queue = CancellationToken(), asyncio.Queue[Any]()
    work = asyncio.create_task(_run(runnable, task, token, queue))
    try:
        while (event := await queue.get()) is not DONE:
            yield event
        await work
    except Exception as error:
        raise watch.failure or error from error
    finally:
        token.cancel()
        await asyncio.wait({work}, timeout=CANCEL_SECONDS)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _run(
    runnable: Any, task: Any, token: CancellationToken, queue: "asyncio.Queue[Any]"
) -> None:
    try:
        stream = runnable.run_stream(
            task=task, cancellation_token=token, output_task_messages=False
        )
        async for event in stream:
            queue.put_nowait(event)
    finally:
        queue.put_nowait(DONE)


class Thoughts:
    """Leaves a model's thoughts out of what it says."""

    def __init__(self) -> None:
        self._thinking = False

    def words(self, piece: str) -> str:
        """What of a piece is said aloud."""
        self._thinking = self._thinking or piece.startswith(BEGIN)
        if not self._thinking:
            return piece
        _, end, rest = piece.partition(END)
        self._thinking = not end
        return rest


class Followed:
    """A run as it goes on: what of it is shown, and what came of it.

    `answer_from`: whose words are the answer as they come; None: everybody's.
    """

    def __init__(
        self,
        exchange: Exchange,
        own_tools: set[str],
        answer_from: str | None,
        *,
        whole: bool = False,
    ) -> None:
        self._exchange = exchange
        self._own_tools = own_tools  # they show themselves
        self._answer_from = answer_from
        self._whole = whole  # nothing is said before all of it is there
        self._thoughts = Thoughts()
        self._said_ids: set[str] = set()
        self.last: BaseChatMessage | None = None
        self.asking: list[HandoffMessage] = []
        self.stop_reason = ""
        self.used: list[Any] = []

    def take(self, event: Any) -> list[Any]:
        """What a turn yields because of it."""
        if isinstance(event, ModelClientStreamingChunkEvent):
            return self._piece(event)
        if isinstance(event, TaskResult):
            self.stop_reason = event.stop_reason or ""
            return []
        if usage := getattr(event, "models_usage", None):
            self.used.append(usage)
        if isinstance(event, ToolCallRequestEvent):
            return self._calls(event)
        if isinstance(event, ToolCallExecutionEvent):
            return self._results(event)
        return self._message(event) if isinstance(event, BaseChatMessage) else []

    @property
    def answered(self) -> bool:
        """Whether the last message was said while it came."""
        return self.last is not None and self.last.id in self._said_ids

    def _piece(self, event: ModelClientStreamingChunkEvent) -> list[Any]:
        if self._whole or self._answer_from not in (None, event.source):
            return []
        words = self._thoughts.words(event.content)
        if not words:
            return []
        apart = bool(self._said_ids) and event.full_message_id not in self._said_ids
        self._said_ids.add(event.full_message_id or "")
        return ["\n\n", words] if apart else [words]

    def _message(self, message: BaseChatMessage) -> list[Any]:
        if isinstance(message, HandoffMessage) and is_question(message):
            self.asking.append(message)
            return []
        if self._answer_from is not None and message.id not in self._said_ids:
            self._show(message)
        self.last = message
        return []

    def _show(self, message: BaseChatMessage) -> None:
        """Who said what on the way to the answer."""
        text = message.to_text()
        if isinstance(message, HandoffMessage):
            text = f"→ {message.target}: {text}"
        self._exchange.member_said(message.source, text)

    def _calls(self, event: ToolCallRequestEvent) -> list[Any]:
        return [
            ToolCall(call.id, call.name, _object(call.arguments))
            for call in event.content
            if call.name not in self._own_tools
        ]

    def _results(self, event: ToolCallExecutionEvent) -> list[Any]:
        return [
            ToolResult(each.call_id, each.name, **_outcome(each))
            for each in event.content
            if each.name not in self._own_tools
        ]

    def usage(self, model: str) -> list[Usage]:
        """What models took that are not ours, as far as the messages tell."""
        read = sum(each.prompt_tokens for each in self.used)
        written = sum(each.completion_tokens for each in self.used)
        return [Usage(model, read, written)] if read or written else []


def answer_of(message: BaseChatMessage, schema: dict[str, Any]) -> Part:
    """The whole answer: a data part where a schema tells its shape. Raises `TaskFailed`."""
    if isinstance(message, StructuredMessage):
        return Part(data=message.content.model_dump(mode="json"))
    if not schema:
        return Part(text=message.to_text())
    return Part(data=data_of(message.to_text()))


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {"arguments": text}
    return told if isinstance(told, dict) else {"arguments": told}


def _outcome(result: Any) -> dict[str, Any]:
    return {"error": result.content} if result.is_error else {"result": result.content}
