"""Between a plugin that talks and a journal that commits: what came meanwhile is committed together."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import orjson

from plugins_app.client.codec import Happening
from plugins_app.client.errors import TurnFailed
from routing.limits import EVENT_BYTES, MAX_TURN_BYTES

MAX_PENDING: Final = 256  # then the plugin has to wait for the journal
MAX_PENDING_BYTES: Final = 4 * 1024 * 1024  # or then


class Inbox:
    """Reads a stream in a task of its own; `take` gives everything that has come since the last time.

    `said`: the bytes of all that came so far.
    """

    def __init__(self, items: AsyncGenerator[list[Happening], None]) -> None:
        self._items = items
        self._pending: list[Happening] = []
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(lambda _: self._wake.set())
        self._pending_bytes = 0
        self._counted = 0
        self.reached = False
        self.said = 0

    async def take(self) -> list[Happening] | None:
        """At least one happening, or an empty list once the agent has the message; None at the end.

        Raises what the stream raised, after everything that came before it was taken.
        """
        if not self._reader.done():
            await self._wake.wait()
        self._wake.clear()
        if self._pending or not self._reader.done():
            taken, self._pending, self._pending_bytes = self._pending, [], 0
            self._room.set()
            return taken
        self._reader.result()
        return None

    async def close(self) -> None:
        """Stop reading, which cancels the call."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        async with aclosing(self._items) as items:
            async for happenings in items:
                self.reached = True
                self._weigh(happenings)
                self._pending.extend(happenings)
                self._wake.set()
                if len(self._pending) >= MAX_PENDING or self._pending_bytes >= MAX_PENDING_BYTES:
                    self._room.clear()
                    await self._room.wait()

    def _weigh(self, happenings: list[Happening]) -> None:
        """Raises `TurnFailed` for an agent that does not come to an end."""
        sizes = [len(orjson.dumps(each.payload)) + len(each.memory or b"") for each in happenings]
        self.said += sum(sizes)
        self._pending_bytes += sum(sizes)
        self._counted += sum(max(size, EVENT_BYTES) for size in sizes)
        if self._counted > MAX_TURN_BYTES:
            told = f"The agent said more than {MAX_TURN_BYTES} bytes in one turn."
            raise TurnFailed(told, "too_large")
