"""Who waits for the turn of a conversation: agents that remember one are given one message of it at a time.

The rows say whose turn it is (`routing.journal.statements`); the end of a turn hands the conversation on to who has waited
longest, and tells. Should nobody tell, because Redis is away or a process was lost, a slow look finds out.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from routing.journal import Claim
from security.errors import Unavailable

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 1.0

Claiming = Callable[[Sequence[str]], Awaitable[dict[str, Claim]]]


class Conversations:
    """`claiming`: whose turn it is, of these tasks. `others`: called with the tasks of other processes."""

    def __init__(self, claiming: Claiming, others: Callable[[list[str]], None]) -> None:
        self._claiming = claiming
        self._others = others
        self._waiting: dict[str, asyncio.Future[Claim]] = {}
        self._asked: set[str] = set()
        self._wake = asyncio.Event()

    async def turn(self, task_id: str) -> Claim:
        """Wait until it is this task's turn. Leaving early gives up the wait; the task's end gives up its turn."""
        claim: asyncio.Future[Claim] = asyncio.get_running_loop().create_future()
        self._waiting[task_id] = claim
        self.hear([task_id])
        try:
            return await claim
        finally:
            self._waiting.pop(task_id, None)
            self._asked.discard(task_id)

    def hear(self, task_ids: Iterable[str]) -> list[str]:
        """It may be the turn of these tasks. Those that do not wait here."""
        known = [task_id for task_id in task_ids if task_id in self._waiting]
        if known:
            self._asked.update(known)
            self._wake.set()
        return [task_id for task_id in task_ids if task_id not in self._waiting]

    def next(self, task_ids: list[str]) -> None:
        """The journal has handed conversations on to these tasks."""
        if elsewhere := self.hear(task_ids):
            self._others(elsewhere)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            # Not wait_for: woken and cancelled at once, Python 3.11's forgets that it was cancelled.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS if self._waiting else None):
                    await self._wake.wait()
            self._wake.clear()
            asked = self._asked or set(self._waiting)
            self._asked = set()
            if asked:
                await self._look(list(asked))

    async def _look(self, task_ids: list[str]) -> None:
        try:
            found = await self._claiming(task_ids)
        except Unavailable as error:
            log.warning("turns of conversations not looked for: %s", error.message)
            return
        for task_id, claim in found.items():
            waiting = self._waiting.get(task_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(claim)
        if elsewhere := [task_id for task_id in found if task_id not in self._waiting]:
            self._others(elsewhere)
