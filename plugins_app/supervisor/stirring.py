"""What a slot waits on: that something changed, that something else came, or that time is over."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Stir:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    async def wait(
        self, *others: "asyncio.Task[Any] | Coroutine[Any, Any, Any]", within: float | None = None
    ) -> None:
        """A task that is given goes on when the wait is over; a coroutine is ended."""
        own = [asyncio.ensure_future(self._event.wait())]
        own += [asyncio.ensure_future(each) for each in others if asyncio.iscoroutine(each)]
        given = [each for each in others if isinstance(each, asyncio.Task)]
        try:
            await asyncio.wait([*own, *given], timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in own:
                wait.cancel()
        self._event.clear()
