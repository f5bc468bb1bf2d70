"""Who may launch next: the one that others need, then the more important one."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

Rank = tuple[int, ...]


class Queue:
    """At most `places` at once; whoever waits with the lowest rank goes next."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._numbers = count()  # among equals, first come, first served
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, rank: Rank) -> AsyncIterator[None]:
        """Wait for a place, and give it back in the end."""
        await self._take(rank)
        try:
            yield
        finally:
            self._give()

    async def _take(self, rank: Rank) -> None:
        if self._free:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), place))
        try:
            await place
        except asyncio.CancelledError:
            if _was_given(place):
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            _rank, _number, place = heapq.heappop(self._waiting)
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


def _was_given(place: "asyncio.Future[Any]") -> bool:
    """The place came and, in the same moment, its taker was cancelled."""
    return place.done() and not place.cancelled()
