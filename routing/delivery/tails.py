"""The events of tasks that other processes run, read once for all streams of this process that follow them.

One query for all tasks: every FOLLOW_SECONDS, and at once when Redis tells of a change.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from routing.delivery.feed import Feed
from routing.limits import FOLLOW_SECONDS
from routing.record import Event
from routing.selectors.records import newer
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
GAP_SECONDS: Final = 0.02  # between two readings, however much news there is
WATCH_SECONDS: Final = 4.0  # who runs a task is told so often that it is followed here


@dataclass(slots=True)
class Tail:
    feed: Feed
    followers: int = 0


class Tails:
    """`watch` is told which tasks are followed here, so that who runs them tells of changes."""

    def __init__(self, watch: Callable[[list[str]], None]) -> None:
        self._watch = watch
        self._watched_at = 0.0
        self._new: list[str] = []
        self._tails: dict[str, Tail] = {}
        self._wake = asyncio.Event()
        self._is_closed = False

    @contextlib.contextmanager
    def follow(self, task_id: str, seq: int) -> Iterator[Feed]:
        """Of everything after that number, unless others follow from further on: `Feed.follows` tells."""
        tail = self._tails.get(task_id)
        if tail is None:
            tail = self._tails[task_id] = Tail(Feed(seq))
            if self._is_closed:
                tail.feed.close()
            self._new.append(task_id)
            self._wake.set()
        tail.followers += 1
        try:
            yield tail.feed
        finally:
            tail.followers -= 1
            if not tail.followers and self._tails.get(task_id) is tail:
                del self._tails[task_id]

    def publish(self, task_id: str, events: Sequence[Event]) -> None:
        """A run of this process has gone on."""
        tail = self._tails.get(task_id)
        if tail is None:
            return
        if tail.feed.last_seq + 1 == events[0].seq:
            tail.feed.publish(events)
        self._wake.set()  # for what is missing, and for the end

    def wake(self, task_ids: Sequence[str] | None = None) -> None:
        """Something happened to these tasks; None: perhaps to all."""
        if task_ids is None or any(task_id in self._tails for task_id in task_ids):
            self._wake.set()

    def close(self) -> None:
        """This process goes down: every stream ends where it is."""
        self._is_closed = True
        for tail in self._tails.values():
            tail.feed.close()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            # Not wait_for: woken and cancelled at once, Python 3.11's forgets that it was cancelled.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FOLLOW_SECONDS if self._tails else None):
                    await self._wake.wait()
            self._wake.clear()
            if self._tails:
                self._tell_watched()
                await self._read()
            await asyncio.sleep(GAP_SECONDS)

    def _tell_watched(self) -> None:
        new, self._new = self._new, []
        if time.monotonic() > self._watched_at + WATCH_SECONDS:
            self._watched_at = time.monotonic()
            self._watch(list(self._tails))
        elif new:
            self._watch(new)

    async def _read(self) -> None:
        reading = dict(self._tails)
        after = {task_id: tail.feed.last_seq for task_id, tail in reading.items()}
        try:
            news = await ask(newer, after)
        except Unavailable as error:
            log.warning("tasks of other processes are not read: %s", error.message)
            return
        for task_id, events in news.events.items():
            self._add(reading[task_id].feed, events)
        for task_id in news.ended:
            reading[task_id].feed.close()
            if self._tails.get(task_id) is reading[task_id]:
                del self._tails[task_id]
        if not news.is_all:
            self._wake.set()

    def _add(self, feed: Feed, events: Sequence[Event]) -> None:
        """What a run of this process published meanwhile is there already."""
        fresh = [event for event in events if event.seq > feed.last_seq]
        if fresh:
            feed.publish(fresh)
