"""All that a supervisor reads and writes in rows, one thing after the other, off the event loop."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from django.db import InterfaceError, OperationalError, connections

log = logging.getLogger(__name__)
RETRY_SECONDS: Final = 1.0
Result = TypeVar("Result")
Entry = tuple[Callable[[], Any], "asyncio.Future[Any] | None"]


class Ledger:
    """Nothing that keeps processes alive waits for Postgres: writes queue up while it is away, in order.

    Each entry has a number; an answer tells which writes it has seen.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Entry] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "ledger")
        self.count = 0

    @property
    def is_idle(self) -> bool:
        return self._queue.empty()

    def put(self, deed: Callable[..., object], *args: Any, **kwargs: Any) -> int:
        """Have it done once Postgres is there. Answers its number."""
        told = {name: writable(value) for name, value in kwargs.items()}
        self._queue.put_nowait((partial(deed, *map(writable, args), **told), None))
        self.count += 1
        return self.count

    async def ask(self, question: Callable[..., Result], *args: Any) -> tuple[Result, int]:
        """The answer, and its number: all writes with a lower one were done before."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((partial(question, *args), future))
        self.count += 1
        number = self.count
        return await future, number

    async def run(self) -> None:
        """Work through the queue until cancelled."""
        while True:
            deed, future = await self._queue.get()
            try:
                await self._insist(deed, future)
            finally:
                self._queue.task_done()

    async def flush(self, timeout: float) -> bool:
        """Wait until all is written; False when Postgres did not let us within `timeout`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._queue.join()
                return True
        return False

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _insist(self, deed: Callable[[], Any], future: "asyncio.Future[Any] | None") -> None:
        while True:
            try:
                result = await self._in_thread(deed)
            except (OperationalError, InterfaceError) as error:
                log.warning("rows cannot be reached, trying again: %s", str(error).strip())
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:
                log.error("%s failed", deed, exc_info=error)
                if future is not None and not future.done():
                    future.set_exception(error)
                return
            else:
                if future is not None and not future.done():
                    future.set_result(result)
                return

    async def _in_thread(self, deed: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _closing, deed)


def writable(value: Any) -> Any:
    """The same without what Postgres refuses: a plugin may write NULs, and its end must be written down all the same."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {writable(key): writable(each) for key, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(writable(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {each.name: writable(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **told)
    return value


def _closing(deed: Callable[[], Any]) -> Any:
    """Hold no connection while nothing is done with it."""
    try:
        return deed()
    finally:
        connections.close_all()
