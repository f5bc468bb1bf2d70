"""Warm processes of one slot: started, configured, with their agents, and without messages until one is needed."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from plugins_app.errors import CallFailed, LaunchFailed
from plugins_app.process import PluginProcess
from plugins_app.services import marks
from plugins_app.supervisor.hands import LEASE_SECONDS, Hands
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.wanted import Wanted

log = logging.getLogger(__name__)
ANSWER_SECONDS: Final = 0.5  # a warm process that does not answer at once helps nobody
FIRST_DELAY: Final = 1.0  # after one that did not start
LAST_DELAY: Final = 60.0


class Standbys:
    """Call `tend` whenever something may have changed. `changed` is called when a process has come or gone."""

    def __init__(
        self, hands: Hands, born: Callable[[PluginProcess], None], changed: Callable[[], None]
    ) -> None:
        self._hands = hands
        self._born = born
        self._changed = changed
        self._ready: list[Ready] = []
        self._warming: asyncio.Task[None] | None = None
        self._ends: set[asyncio.Task[None]] = set()
        self._delay = 0.0
        self._not_before = 0.0
        self._told: list[int] = []

    def tend(self, wanted: Wanted, count: int) -> None:
        """Have `count` of what is wanted now; end what is of another kind or too many."""
        fitting = [each for each in self._living() if each.is_what(wanted)]
        for each in self._ready:
            if each not in fitting[:count]:
                self._retire(each)
        self._ready = fitting[:count]
        if len(self._ready) < count and self._may_warm():
            self._warming = asyncio.create_task(self._warm(wanted))
        self._tell(wanted)

    async def take(self, wanted: Wanted) -> Ready | None:
        """One that answers; it is the slot's from now on."""
        while self._ready:
            ready = self._ready.pop(0)
            if ready.process.exited.is_set() or not ready.is_what(wanted):
                self._retire(ready)
            elif await self._answers(ready):
                self._tell(wanted)
                return ready
            else:
                self._retire(ready)
        return None

    async def close(self) -> None:
        """End them all."""
        self.cancel()
        for ready in self._ready:
            self._retire(ready)
        self._ready = []
        await asyncio.gather(*self._ends, return_exceptions=True)

    def cancel(self) -> None:
        """Start no more."""
        if self._warming is not None:
            self._warming.cancel()

    def _living(self) -> list[Ready]:
        return [each for each in self._ready if not each.process.exited.is_set()]

    def _may_warm(self) -> bool:
        is_warming = self._warming is not None and not self._warming.done()
        return not is_warming and time.monotonic() >= self._not_before

    async def _warm(self, wanted: Wanted) -> None:
        try:
            ready = await self._hands.launch(wanted, self._born, strict=True)
        except LaunchFailed as error:
            self._delay = min(max(2 * self._delay, FIRST_DELAY), LAST_DELAY)
            self._not_before = time.monotonic() + self._delay
            reason = f"A warm standby did not start. {error}"
            log.warning("%s/%d: %s", wanted.plugin, wanted.ordinal, reason)
            self._hands.ledger.put(
                marks.mark_event, wanted.instance_id, marks.Type.DEGRADED, reason
            )
            asyncio.get_running_loop().call_later(self._delay, self._changed)
            return
        self._delay = 0.0
        self._ready.append(ready)
        ready.process.on_exit(self._changed)
        asyncio.get_running_loop().call_soon(self._changed)  # this task is done by then

    async def _answers(self, ready: Ready) -> bool:
        try:
            await self._hands.lifecycle.health(
                ready.target, lease_seconds=LEASE_SECONDS, timeout=ANSWER_SECONDS
            )
        except CallFailed as error:
            log.warning("the warm process %d %s", ready.process.pid, error)
            return False
        return True

    def _retire(self, ready: Ready) -> None:
        task = asyncio.create_task(self._end(ready))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _end(self, ready: Ready) -> None:
        await self._hands.end(
            ready.process, ready.target, drain_seconds=0, reason="it is not needed as a standby"
        )

    def _tell(self, wanted: Wanted) -> None:
        """Their pids into the slot's row, when they are others."""
        pids = sorted(each.process.pid for each in self._living())
        if pids != self._told:
            self._told = pids
            self._hands.ledger.put(marks.mark_standbys, wanted.instance_id, pids)
