"""One turn on its way through a framework: what was said before, and what becomes visible meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from agentx_sdk.content import Content, Part, Reply, Status, ToolCall, ToolResult, Usage, part
from agentx_sdk.errors import TaskFailed
from agentx_sdk.llm import failures
from agentx_sdk.llm.config import AgentConfig
from agentx_sdk.llm.messages import (
    ChatMessage,
    from_a2a,
    from_json,
    in_order,
    in_words,
    lightened,
    newest,
    said,
    to_json,
    words_of,
)
from agentx_sdk.llm.remote import Remote
from agentx_sdk.turn import Turn

MESSAGES, NATIVE, ASKED = "messages", "native", "asked"  # in a conversation's memory
TURN_TIMEOUT = "turn_timeout"
MEMBER = "member"  # of a part in a status: what one of several agents said
END = object()


class Exchange:
    """`history` is what was said before `message`, oldest first, as far as the agent's limits let it be.

    `native`: a framework's own memory of this conversation, JSON values by name; kept with it.
    """

    def __init__(self, turn: Turn, spec: AgentConfig, remote: Remote) -> None:
        self.turn = turn
        self.spec = spec
        self.remote = remote
        self.keeps_words = True  # False: the framework keeps its own, in `native`
        self.loop = asyncio.get_running_loop()
        self.message = from_a2a("user", turn.parts)
        self.history = self._history()
        self.usage: list[Usage] = []
        self._said: list[ChatMessage] = [self.message]
        self._text: list[str] = []
        self._items: asyncio.Queue[Any] = asyncio.Queue()
        self._steps = 0

    @property
    def messages(self) -> list[ChatMessage]:
        """The history and the new message, as a model is to be told them; without the instructions."""
        return [*self.history, self.message]

    @property
    def native(self) -> dict[str, Any]:
        """What this framework keeps of the conversation."""
        kept: dict[str, Any] = self.turn.memory.setdefault(NATIVE, {})
        return kept

    @property
    def asked(self) -> dict[str, str]:
        """Agents that wait for an answer in this conversation: the task of each."""
        kept: dict[str, str] = self.turn.memory.setdefault(ASKED, {})
        return kept

    @property
    def answer(self) -> Any:
        """What the caller answered to an `InputRequired`: the data of a data part, else the text."""
        data = [part.data for part in self.turn.parts if part.kind == "data"]
        return data[0] if data else self.turn.text

    def emit(self, item: Any) -> None:
        """Let who follows the task see it now. Call it on the event loop."""
        self._items.put_nowait(item)

    def step(self) -> None:
        """Count a request to the model. Raises `TaskFailed` at one more than the agent's `max_steps`."""
        self._steps += 1
        most = self.spec.limits.max_steps
        if self._steps > most:
            told = (
                f"the turn took more than {most} requests to the model, which is the agent's limit"
            )
            raise TaskFailed(told, failures.STEPS)

    def member_said(self, name: str, *content: Content) -> None:
        """Show what one of several agents said on the way to the answer: a status, no part of the answer."""
        parts = [
            replace(each, metadata={**each.metadata, "agentx": {"kind": MEMBER, "name": name}})
            for each in map(part, content)
        ]
        self.emit(Status(*parts))

    def emit_from_thread(self, item: Any) -> None:
        """The same from any thread."""
        self.loop.call_soon_threadsafe(self._items.put_nowait, item)

    async def run(self, items: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        """What `items` yields and what is emitted meanwhile, in the order it happens.

        Raises `TaskFailed` for a model that fails and for a turn that takes too long. Left early, it
        ends the framework's work before it returns.
        """
        work = asyncio.create_task(self._work(items))
        try:
            while (item := await self._items.get()) is not END:
                self._note(item)
                yield item
            await work
        except Exception as error:
            told = self._failure(error)
            raise told from (None if told is error else error)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _work(self, items: AsyncIterator[Any]) -> None:
        current_exchange.set(self)
        seconds = self.spec.limits.turn_seconds
        try:
            async with within(seconds), aclosing(_closable(items)) as closing:
                async for item in closing:
                    self._items.put_nowait(item)
        finally:
            self._items.put_nowait(END)

    def _failure(self, error: Exception) -> Exception:
        """What the caller is told: of a model what it said, with what was used until then."""
        told = failures.failure_of(error)
        if isinstance(told, TaskFailed):
            told.metadata |= self.usage_told()
        return told or error

    def usage_told(self) -> dict[str, Any]:
        """What was used by a turn that fails, for its status."""
        if not self.usage:
            return {}
        told = [_usage_json(each) for each in self.usage]
        return {"agentx": {"usage": told}}

    # ---- What is remembered

    def _history(self) -> list[ChatMessage]:
        memory = self.spec.memory
        if not memory.enabled:
            return []
        kept = from_json(self.turn.memory.get(MESSAGES, ()))
        return newest(kept, memory.max_messages, memory.max_bytes)

    def _note(self, item: Any) -> None:
        if isinstance(item, str):
            self._text.append(item)
        elif isinstance(item, ToolCall):
            self._flush()
            self._noted_call(item)
        elif isinstance(item, ToolResult):
            self._said.append(ChatMessage("tool", results=[item]))
        elif isinstance(item, Usage):
            self.usage.append(item)
        elif isinstance(item, (Part, Reply, dict, list)):
            parts = item.parts if isinstance(item, Reply) else [part(item)]
            self._text += [words_of(each) for each in parts]

    def _noted_call(self, call: ToolCall) -> None:
        """Calls that follow one another are made by one message."""
        last = self._said[-1]
        if last.role == "assistant":
            self._said[-1] = ChatMessage("assistant", last.parts, [*last.calls, call])
        else:
            self._said.append(ChatMessage("assistant", calls=[call]))

    def _flush(self) -> None:
        if text := "".join(self._text):
            self._said.append(said("assistant", text))
        self._text.clear()

    def remember(self) -> None:
        """Keep what was said in this turn with the conversation."""
        self._flush()
        if not self.spec.memory.enabled:
            return
        memory = self.spec.memory
        most = memory.max_bytes // 4
        new = [lightened(each, most) for each in in_order(self._said)]
        kept = newest([*self.history, *new], memory.max_messages, memory.max_bytes)
        if not kept:  # a turn too large by itself is kept without its tools, and each text short
            short = [lightened(each, most // (2 * len(new))) for each in in_words(new)]
            kept = newest([*self.history, *short], memory.max_messages, memory.max_bytes)
        self.turn.memory[MESSAGES] = to_json(kept)


class within:  # noqa: N801 - read as a word: `async with within(seconds)`
    """`asyncio.timeout`, which Python 3.10 does not have. Raises `TaskFailed` when the turn takes too long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._timer.cancel()
        if self._over and kind is not None and issubclass(kind, asyncio.CancelledError):
            told = f"the turn was not done within {self._seconds:g} s, which is the agent's limit"
            raise TaskFailed(told, TURN_TIMEOUT)

    def _end(self) -> None:
        self._over = True
        if self._task is not None:
            self._task.cancel()


def _usage_json(usage: Usage) -> dict[str, Any]:
    told = {
        "model": usage.model,
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
    }
    money = {"cost": usage.cost, "currency": usage.currency}
    return told | (money if usage.cost is not None else {})


async def _closable(items: AsyncIterator[Any]) -> Any:
    """A generator around any iterator, so that it can be closed."""
    try:
        async for item in items:
            yield item
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()


current_exchange: ContextVar[Exchange | None] = ContextVar("agentx_exchange", default=None)
