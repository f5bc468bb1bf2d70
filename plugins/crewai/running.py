"""A turn of CrewAI: its work in a thread of its own, what it waits for on event loops.

CrewAI computes for tens of milliseconds at a time and calls models and tools from threads. So the
plugin's event loop stays free for health checks, a second one asks the models, and a turn can be
ended: every thread of it waits for futures of these two, and those can be cancelled.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextvars import ContextVar
from typing import Any

from agentx_sdk.llm import Exchange, in_thread
from agentx_sdk.llm.journal import Asked, Journal
from agentx_sdk.llm.messages import content_of, is_picture

SWITCH_SECONDS = 0.0005  # a thread that computes lets another one, such as the event loop, go on
MAX_TURNS = 24  # at work at once in a process; more wait for their turn
REPLY, MEMBER, SILENT = "reply", "member", "silent"  # what is made of an agent's words
Voice = Callable[[Any, Any], str]  # of a task and an agent


class Stopped(BaseException):
    """The turn is over. No Exception: CrewAI takes those for failures and tries again."""


class ModelLoop:
    """An event loop in a thread, for the requests to models of all turns. Ends with the process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True, name="agentx-models").start()


class Run:
    """What belongs to one turn. Made and ended on the plugin's event loop; `wait` is for its threads."""

    def __init__(self, exchange: Exchange, journal: Journal, models: ModelLoop) -> None:
        self.exchange = exchange
        self.models = models.loop
        self.journal = journal
        self.spoken = ""  # of the answer, by the last request to the model
        self.voice: Voice = lambda task, agent: REPLY
        self.failure: Exception | None = None  # of the last request to a model that failed
        self.history: list[dict[str, Any]] = []  # what was said before, in CrewAI's form
        self.speakers: dict[str, str] = {}  # of a flow: the step that an agent (its id) speaks for
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._pending: set[Future[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    # ---- The thread

    async def work(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What `main` returns, from a thread with an event loop of its own. Cancelled, it ends that too."""
        current_run.set(self)
        try:
            return await in_thread(self._run, main)
        finally:
            self.stop()

    def _run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        try:
            return asyncio.run(self._main(main))
        except SystemExit as error:  # CrewAI's answer to a conversation that is too long
            raise RuntimeError(f"CrewAI gave up: {error}") from self.failure

    async def _main(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self.check()
        return await main()

    def stop(self) -> None:
        """Let no thread of the turn go on, and close what it asked for. Again: nothing."""
        self._over.set()
        with self._lock:
            pending = list(self._pending)
        for future in pending:
            future.cancel()
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._task.cancel)
            except RuntimeError:  # it closed meanwhile
                return

    def check(self) -> None:
        """Raises `Stopped` when the turn is over."""
        if self._over.is_set():
            raise Stopped

    # ---- What its threads wait for

    def wait(self, work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
        """What `work` returns on that event loop. Raises `Stopped` when the turn is over."""
        future = self._submit(work, loop)
        try:
            return future.result()
        except CancelledError:
            raise Stopped from None
        finally:
            self._forget(future)

    async def waiting(self, work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
        """The same for a coroutine of the turn's own event loop."""
        future = self._submit(work, loop)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._forget(future)

    def _submit(
        self, work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop
    ) -> "Future[Any]":
        with self._lock:
            if self._over.is_set():
                work.close()
                raise Stopped
            future = asyncio.run_coroutine_threadsafe(work, loop)
            self._pending.add(future)
        return future

    def _forget(self, future: "Future[Any]") -> None:
        with self._lock:
            self._pending.discard(future)

    # ---- What is heard of the model; on the models' event loop

    def begin_call(self) -> None:
        """Count a request to the model."""
        self.exchange.step()
        self.spoken = ""

    def heard(self, chunk: str, task: Any, agent: Any) -> None:
        """Words of the model, as they come."""
        if self.voice(task, agent) == REPLY:
            self.spoken += chunk
            self.exchange.emit_from_thread(chunk)

    def answered(self, text: str, task: Any, agent: Any) -> None:
        """A whole answer: of one who does not speak for all it is shown by itself."""
        if text and agent is not None and self.voice(task, agent) == MEMBER:
            self.exchange.loop.call_soon_threadsafe(self.exchange.member_said, agent.role, text)

    def with_pictures(self, messages: Any, *, vision: bool) -> Any:
        """The messages with the caller's pictures beside the caller's words: CrewAI lets only words through."""
        pictures = [part for part in self.exchange.message.parts if is_picture(part)]
        if not vision or not pictures or not isinstance(messages, list):
            return messages
        shown = content_of(pictures)
        asked = [place for place, each in enumerate(messages) if each.get("role") == "user"]
        if not asked or isinstance(shown, str):
            return messages
        last = messages[asked[-1]]
        words = {"type": "text", "text": str(last.get("content") or "")}
        whole = {**last, "content": [words, *shown]}
        return [*messages[: asked[-1]], whole, *messages[asked[-1] + 1 :]]

    # ---- The caller

    def ask(self, question: str, schema: dict[str, Any]) -> Any:
        """What the caller answered. Raises `Asked` to have it asked."""
        self.check()
        answer = self.journal.next_answer()
        if answer is None:
            raise Asked(question, schema)
        return answer


current_run: ContextVar[Run | None] = ContextVar("agentx_crewai_run", default=None)
