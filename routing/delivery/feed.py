"""The committed events of one turn in memory, for every stream that follows it: same events, same order."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from routing.record import Event


class Feed:
    """Written by one run, read by any number of streams, each at its own pace."""

    def __init__(self, seq: int) -> None:
        """`seq`: the number of the last event before this turn."""
        self._base = seq
        self._events: list[Event] = []
        self._closed = False
        self._news: asyncio.Future[None] | None = None

    @property
    def last_seq(self) -> int:
        return self._events[-1].seq if self._events else self._base

    def follows(self, seq: int) -> bool:
        """Whether nothing is missing between that number and what this feed has."""
        return seq >= self._base

    def publish(self, events: Sequence[Event]) -> None:
        self._events.extend(events)
        self._tell()

    def close(self) -> None:
        """Nothing more comes from this turn."""
        self._closed = True
        self._tell()

    async def after(self, seq: int) -> AsyncGenerator[Event, None]:
        """The events with a greater number, until the feed is closed."""
        index = 0
        while True:
            while index < len(self._events):
                event = self._events[index]
                index += 1
                if event.seq > seq:
                    yield event
            if self._closed:
                return
            await asyncio.shield(self._next())

    def _next(self) -> asyncio.Future[None]:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        return self._news

    def _tell(self) -> None:
        news, self._news = self._news, None
        if news is not None:
            news.set_result(None)
