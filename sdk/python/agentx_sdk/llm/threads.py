"""Plain functions off the event loop, in threads that a function which never returns cannot use up."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from agentx_sdk.errors import TaskFailed

MAX_THREADS = 64
BUSY = "too_many_tools"
_running = 0
_lock = threading.Lock()


async def in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What it returns or raises. Cancelled, the waiting ends; the thread goes on until the function returns.

    A thread of its own, not one of asyncio's few: those end with the function, and nobody can end a function.
    Raises `TaskFailed` when `MAX_THREADS` of them are still at work.
    """
    _begin()
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = copy_context()

    def work() -> None:
        tell: Callable[[Any], None]
        try:
            result, tell = context.run(function, *args, **kwargs), future.set_result
        except BaseException as error:
            result, tell = error, future.set_exception
        finally:
            _end()
        try:
            loop.call_soon_threadsafe(_settle, future, tell, result)
        except RuntimeError:  # the process is ending
            return

    threading.Thread(target=work, daemon=True, name="agentx-tool").start()
    return await future


def _settle(future: "asyncio.Future[Any]", tell: Callable[[Any], None], result: Any) -> None:
    if not future.done():
        tell(RuntimeError("StopIteration") if isinstance(result, StopIteration) else result)


def _begin() -> None:
    global _running
    with _lock:
        if _running >= MAX_THREADS:
            told = f"{MAX_THREADS} tools are still at work in this process; it takes no more"
            raise TaskFailed(told, BUSY)
        _running += 1


def _end() -> None:
    global _running
    with _lock:
        _running -= 1
