"""The courier: tells webhooks what happens to tasks, many at a time, each in order. One process of its own, and any more.

News of the tasks that have webhooks makes it prompt; a look at the outbox every POLL_SECONDS makes it correct. Nothing
of the database is held while a webhook takes its time.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from routing.limits import PUSH_AT_ONCE, PUSH_FAILING_AT_ONCE
from routing.push.parcels import next_parcel, parcel_after
from routing.push.post import Post
from routing.services import claims
from routing.services.claims import Errand
from routing.services.outbox import Patience
from security.errors import Unavailable
from security.news import News
from security.rows import ask

log = logging.getLogger(__name__)
POLL_SECONDS: Final = 0.5
GAP_SECONDS: Final = 0.01  # between two looks, however much news there is
WATCH_SECONDS: Final = 4.0  # a run tells of its changes for ten seconds when asked to
MAX_WATCHED: Final = 1_000
READERS: Final = 8  # threads that ask the database; others look up names, which can take long

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Courier:
    """Use from one event loop. `patience`: how often and how long it tries; `overdue`: take only what nobody took for
    so many seconds.
    """

    def __init__(self, patience: Patience = Patience(), *, overdue: float = 0.0) -> None:  # noqa: B008 - frozen
        self._patience = patience
        self._overdue = overdue
        self._wake = asyncio.Event()
        self._readers = asyncio.Semaphore(READERS)
        self._hosts: Counter[str] = Counter()
        self._carried: dict[asyncio.Task[None], Errand] = {}
        self._known: set[str] = set()
        self._newcomers = asyncio.Event()
        self._is_away = False

    async def run(self) -> None:
        """Until cancelled; what is in hand then may be taken up by the next courier at once."""
        news = News()
        news.on("push", lambda topic, payload: self._hear_push(payload))
        news.on("tasks", lambda topic, payload: self._hear_tasks(payload))
        keepers = [asyncio.create_task(news.run()), asyncio.create_task(self._watch(news))]
        try:
            async with Post() as self._post:
                try:
                    await self._work()
                finally:
                    await self._go_home()
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await news.close()

    async def once(self) -> int:
        """Tell what can be told now, and wait for it. How many webhooks."""
        async with Post() as self._post:
            try:
                await self._look()
                count = len(self._carried)
                while self._carried:
                    await asyncio.wait(list(self._carried))
            finally:
                await self._go_home()
        return count

    async def _work(self) -> None:
        while True:
            await self._look()
            # Not wait_for: woken and cancelled at once, Python 3.11's forgets that it was cancelled.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(GAP_SECONDS)

    async def _look(self) -> None:
        """Take what is due, as much as there are hands for; what failed before must not fill all of them."""
        again = sum(errand.is_failing for errand in self._carried.values())
        hands = PUSH_AT_ONCE - (len(self._carried) - again)
        try:
            found = await self._ask(
                claims.claim, hands, PUSH_FAILING_AT_ONCE - again, dict(self._hosts), self._overdue
            )
        except Unavailable as error:
            self._note_away(error)
            return
        self._is_away = False
        for errand in found:
            self._take(errand)

    def _take(self, errand: Errand) -> None:
        self._hosts[errand.host] += 1
        self._known.add(str(errand.task))
        task = asyncio.create_task(self._carry(errand))
        self._carried[task] = errand
        task.add_done_callback(self._put_down)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        errand = self._carried.pop(task)
        self._hosts[errand.host] -= 1
        if not self._hosts[errand.host]:
            del self._hosts[errand.host]
        self._wake.set()  # there is a hand free, and its task may have gone on meanwhile

    async def _carry(self, errand: Errand) -> None:
        """One event after the other, until there is none or one did not arrive."""
        try:
            parcel = await self._ask(next_parcel, errand)
            while parcel is not None:
                outcome = await self._post.send(parcel)
                parcel = await self._ask(parcel_after, errand, parcel.seq, outcome, self._patience)
        except Unavailable as error:
            self._note_away(error)  # the claim ends by itself
        except Exception:
            log.exception("the webhook %s of task %s could not be told", errand.config, errand.task)

    async def _go_home(self) -> None:
        left = dict(self._carried)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            with contextlib.suppress(Unavailable):
                await ask(claims.release, list(left.values()))

    async def _ask(
        self,
        question: Callable[Arguments, Answer],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Answer:
        async with self._readers:
            return await ask(question, *args, **kwargs)

    def _note_away(self, error: Unavailable) -> None:
        if not self._is_away:
            log.warning("webhooks wait: %s", error.message)
        self._is_away = True

    def _hear_push(self, payload: dict[str, Any]) -> None:
        self._known.update(payload.get("tasks", ()))
        self._newcomers.set()
        self._wake.set()

    def _hear_tasks(self, payload: dict[str, Any]) -> None:
        if not self._known.isdisjoint(payload.get("changed", ())):
            self._wake.set()

    async def _watch(self, news: News) -> None:
        """Have the runs of the tasks that have webhooks tell of their changes."""
        while True:
            with contextlib.suppress(Unavailable):
                found = await self._ask(claims.watched_tasks, MAX_WATCHED)
                self._known = set(found)
                if found:
                    await news.publish("tasks", {"watch": found})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._newcomers.wait(), WATCH_SECONDS)
            self._newcomers.clear()
            await asyncio.sleep(GAP_SECONDS)
