"""One replica slot from its first launch to its last end, as one coroutine."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Final
from uuid import UUID

from plugins_app.errors import CallFailed, LaunchFailed, NotOurs, Tampered
from plugins_app.process import PluginProcess, places
from plugins_app.services import marks, proving
from plugins_app.services.attachment import lose_attachment
from plugins_app.services.describing import publish_described
from plugins_app.supervisor import attached, state
from plugins_app.supervisor.adoption import taken_back
from plugins_app.supervisor.changes import Refusals
from plugins_app.supervisor.failing import Failures
from plugins_app.supervisor.hands import (
    ROUTERS_HEAR_SECONDS,
    Hands,
    drain_seconds,
    target_of,
)
from plugins_app.supervisor.launching import is_same, launched
from plugins_app.supervisor.proof import Proof
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.renewal import Renewal
from plugins_app.supervisor.standby import Standbys
from plugins_app.supervisor.stirring import Stir
from plugins_app.supervisor.vitals import Vitals
from plugins_app.supervisor.wanted import Attachment, Known, Wanted

log = logging.getLogger(__name__)
KEPT_LINES: Final = 50
NODE_STOP_DRAIN: Final = 5.0
NODE_STOP_SAVE: Final = 3.0


class Slot:
    """Run `run` as a task; `update` tells it what its row wants now."""

    def __init__(self, wanted: Wanted, hands: Hands) -> None:
        self.wanted = wanted
        self.holds: Ready | None = None  # what messages go to
        self.alive: set[PluginProcess] = set()  # also the warm ones, the young and the leaving
        self.hands = hands
        self.ledger = hands.ledger
        self.stir = Stir()
        self.refused = Refusals()
        self.vitals = Vitals(hands.ledger, wanted.instance_id)
        self._standbys = Standbys(hands, self.born, self.stir.set)
        self._renewal = Renewal(self)
        self._background: set[asyncio.Task[None]] = set()
        self._proof = Proof(hands.ledger, wanted.instance_id)
        self._failures = Failures(wanted)
        self._trouble = ""
        self._told = ""  # what it waits for
        self._is_gone = False
        self._log = places.log_file(wanted.plugin, wanted.ordinal)

    @property
    def process(self) -> PluginProcess | None:
        return self.holds.process if self.holds else None

    @property
    def id(self) -> UUID:
        return self.wanted.instance_id

    def update(self, wanted: Wanted | None, as_of: int) -> None:
        """What the row said at entry `as_of` of the ledger; None: it is gone."""
        if wanted is None:
            self.wanted, self._is_gone = replace(self.wanted, is_wanted=False), True
        else:
            self.wanted = wanted
            if wanted.attachment is None:
                self.refused.attachment = ""
            self._failures.hear(wanted, as_of)
        self.stir.set()

    async def run(self) -> None:
        """Until the slot is no longer wanted and its process has ended."""
        if self.wanted.known is not None and self.wanted.attachment is None:
            await self._take_back(self.wanted.known)
        while self.holds is not None or self.wanted.is_wanted:
            await self._live()
        await self._standbys.close()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._forget()
        self.ledger.put(marks.mark_exited, self.id, "It was stopped.")

    async def put_down(self) -> None:
        """The node stops: end what lives, without waiting for rows. `run` was cancelled before."""
        self._standbys.cancel()
        for task in self._background:
            task.cancel()
        if self.alive:
            self.ledger.put(marks.mark_draining, self.id, "The node is being stopped.")
        drain = min(drain_seconds(self.wanted), NODE_STOP_DRAIN)
        if self.holds is not None and self.holds.process.is_ours:
            await self.hands.memory.keep(
                self.wanted, self.holds, within=drain, at_most=NODE_STOP_SAVE
            )
        ends = (self.end(each, drain, "the node is being stopped") for each in list(self.alive))
        await asyncio.gather(*ends)
        self._forget()
        if not self._failures.is_fatal:
            self.ledger.put(marks.mark_exited, self.id, "The node was stopped.")

    def trouble(self, reason: str) -> None:
        """Whatever it is, a new process is the remedy. One that was started by hand is left to its author."""
        if self.holds is not None and self.holds.process.is_ours:
            self._trouble = reason
            self.stir.set()

    async def _live(self) -> None:
        """One step."""
        if self.holds is not None:
            await self._attend(self.holds)
        elif self.wanted.attachment and not self.refused.attachment:
            # What was given up, too: somebody looks into it.
            await self.attach(self.wanted.attachment)
        elif self._failures.is_fatal:
            await self._rest()
        elif self.wanted.waits_for:
            await self._await(self.wanted.waits_for)
        else:
            await self._start()

    async def _rest(self) -> None:
        """Nothing runs, and nothing is warm."""
        self._standbys.tend(self.wanted, 0)
        await self.stir.wait()

    async def _await(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self.ledger.put(marks.mark_waiting, self.id, reason)
        await self._rest()

    async def _take_back(self, known: Known) -> None:
        """The row names a process: it may have outlived its supervisor."""
        try:
            ready = await taken_back(self.hands, self.wanted, known)
        except NotOurs as error:
            self.ledger.put(marks.mark_lost, self.id, str(error))
            return
        self.hands.keep(ready.process, self.born)
        self._hold(ready)
        self.ledger.put(marks.mark_adopted, self.id, ready.row())

    async def _start(self) -> None:
        wanted = self.wanted
        self._told = ""
        self.ledger.put(marks.mark_starting, self.id)
        try:
            ready = await launched(self, strict=wanted.is_new, as_good=wanted.is_new)
            if ready is not None:  # else a stop came first, or a change
                self.take_over(ready, restarted=bool(self._failures.times))
        except Tampered as error:
            told = self.ledger.put(marks.mark_tampered, self.id, str(error), stops=True)
            self._failures.give_up(told)
        except LaunchFailed as error:
            await self._failed(str(error), 0.0)

    def take_over(self, ready: Ready, *, restarted: bool = False) -> None:
        """From now on messages go to this process."""
        if self.holds is not None and self.holds.release_id != ready.release_id:
            self._failures.forget()  # they were those of the release before
        self._hold(ready)
        self.ledger.put(marks.mark_running, self.id, ready.row(), restarted=restarted)
        self.hands.wake()  # others may wait for it
        self.beside(self.describe(ready))

    async def attach(self, told: Attachment, old: Ready | None = None) -> None:
        """Let the process that was started by hand take the slot; what has it now is ended."""
        try:
            ready = await attached.greeted(self.hands, self.wanted, told, self.born)
        except (NotOurs, LaunchFailed) as error:
            is_liar = isinstance(error, NotOurs)
            self.refused.attachment = told.launch_id
            self.ledger.put(lose_attachment, self.id, told.launch_id, str(error), refused=is_liar)
            self.hands.wake()
            return
        self._hold(ready)
        self.ledger.put(marks.mark_attached, self.id, ready.row())
        if old is not None:
            self.beside(self.retire(old))

    def _hold(self, ready: Ready) -> None:
        self.holds, self._trouble = ready, ""
        self.vitals = Vitals(self.ledger, self.id)
        self.stir.clear()
        self.prove()

    def prove(self) -> None:
        """What runs here is to show that it works."""
        self._proof.begin(lambda: self.holds is not None and not self.wanted.is_good)

    async def describe(self, ready: Ready) -> None:
        """Its agents' cards in its own words. Nothing waits for it."""
        try:
            agents = await self.hands.lifecycle.describe(ready.target)
        except CallFailed as error:
            log.warning("process %d does not describe its agents: it %s", ready.process.pid, error)
        else:
            self.ledger.put(publish_described, self.id, agents)

    async def _attend(self, holds: Ready) -> None:
        """Wait for whatever ends the peace, and answer it."""
        if holds.process.exited.is_set():
            await self._ended(holds)
        elif not self.wanted.is_wanted:
            await self._drain(holds)
        elif self._trouble:
            await self._break_off(holds)
        else:
            self._standbys.tend(self.wanted, self.wanted.standby)
            again = await self._renewal.step(holds)
            if again != 0:
                await self.stir.wait(holds.process.exited.wait(), within=again)

    async def _ended(self, holds: Ready) -> None:
        """Unasked."""
        self.holds = None
        if holds.process.is_ours:
            await self._failed(holds.process.end, holds.process.up_seconds)
            return
        self.refused.attachment = holds.attached
        self.ledger.put(lose_attachment, self.id, holds.attached, "It ended.")
        self.hands.wake()
        if (warm := await self._standbys.take(self.wanted)) is not None:
            self.take_over(warm)

    async def _drain(self, holds: Ready) -> None:
        self.ledger.put(marks.mark_draining, self.id, "It is being stopped.")
        await asyncio.sleep(ROUTERS_HEAR_SECONDS)
        drain = drain_seconds(self.wanted)
        if holds.process.is_ours:
            await self.hands.memory.keep(self.wanted, holds, within=drain)
        await self.end(holds.process, drain, "it is no longer wanted")
        self.holds = None

    async def _break_off(self, holds: Ready) -> None:
        reason, self._trouble = self._trouble, ""
        self.ledger.put(marks.mark_draining, self.id, reason)
        await self.hands.insist(holds.process)
        self.holds = None
        await self._failed(reason, holds.process.up_seconds)

    async def retire(self, old: Ready) -> None:
        """A newer one took over: let its messages end, then end it."""
        await asyncio.sleep(ROUTERS_HEAR_SECONDS)
        await self.end(old.process, drain_seconds(self.wanted), "a newer process took over")

    def beside(self, work: Coroutine[None, None, None]) -> None:
        """Do it while the slot goes on; the slot does not close before it is done."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _failed(self, reason: str, up_seconds: float) -> None:
        """It ended unasked or did not start: soon again, or enough of it, or back to what was good."""
        wanted = self.wanted
        delay = self._failures.judge(wanted, up_seconds)
        times = self._failures.times
        tail = places.last_lines(self._log, KEPT_LINES)
        log.warning("%s/%d: %s", wanted.plugin, wanted.ordinal, reason)
        if delay is None:
            self._failures.give_up(self.ledger.put(marks.mark_fatal, self.id, reason, times, tail))
            return
        warm = await self._standbys.take(wanted)
        delay = 0.0 if warm is not None else delay
        self.ledger.put(marks.mark_failed, self.id, reason, times, delay, tail)
        if wanted.is_new and len(times) >= proving.TRIES:
            self.give_up(wanted, reason)
        if warm is not None:
            self.take_over(warm, restarted=True)
        else:
            await self._pause(delay)

    def give_up(self, wanted: Wanted, reason: str) -> None:
        """It does not come up: the rows may know what did."""
        at = (wanted.generation, wanted.revision)
        self.ledger.put(proving.not_well, wanted.plugin_id, *at, reason)
        self.hands.wake()

    async def _pause(self, seconds: float) -> None:
        """Before the next try; over at once when something else is wanted, which begins with a clean slate."""
        before, until = self.wanted, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await self.stir.wait(within=left)
            if not is_same(before, self.wanted):
                self._failures.forget()
                return

    def born(self, process: PluginProcess) -> None:
        self.alive.add(process)
        process.on_exit(lambda: self.alive.discard(process))
        self.hands.guards.take(self, process)

    async def end(self, process: PluginProcess, drain: float, reason: str) -> None:
        target = target_of(self.wanted, process)
        await self.hands.end(process, target, drain_seconds=drain, reason=reason)
        self.alive.discard(process)

    def _forget(self) -> None:
        self._proof.cancel()
        if self._is_gone:
            state.forget(self.wanted.plugin, self.wanted.ordinal)
