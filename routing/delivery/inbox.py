"""Between a plugin that talks and a journal that commits: what came meanwhile is committed together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from plugins_app.client.codec import Happening

MAX_PENDING: Final = 256  # then the plugin has to wait for the journal


class Inbox:
    """Reads a stream in a task of its own; `take` gives everything that has come since the last time."""

    def __init__(self, items: AsyncIterator[list[Happening]]) -> None:
        self._items = items
        self._pending: list[Happening] = []
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(lambda _: self._wake.set())
        self.reached = False

    async def take(self) -> list[Happening] | None:
        """At least one happening, or an empty list once the agent has the message; None at the end.

        Raises what the stream raised, after everything that came before it was taken.
        """
        if not self._reader.done():
            await self._wake.wait()
        self._wake.clear()
        if self._pending or not self._reader.done():
            taken, self._pending = self._pending, []
            self._room.set()
            return taken
        self._reader.result()
        return None

    async def close(self) -> None:
        """Stop reading, which cancels the call."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        async with aclosing(self._items) as items:  # type: ignore[type-var]
            async for happenings in items:
                self.reached = True
                self._pending.extend(happenings)
                self._wake.set()
                if len(self._pending) >= MAX_PENDING:
                    self._room.clear()
                    await self._room.wait()
