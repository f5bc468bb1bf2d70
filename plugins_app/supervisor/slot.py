"""One replica slot from its first launch to its last end, as one coroutine."""

import asyncio
import logging
import random
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from plugins_app import crashes
from plugins_app import process as processes
from plugins_app.errors import CallFailed, LaunchFailed, NotOurs
from plugins_app.process import PluginProcess, places
from plugins_app.services import marks
from plugins_app.supervisor.hands import (
    LEASE_SECONDS,
    ROUTERS_HEAR_SECONDS,
    Hands,
    drain_seconds,
    startup_seconds,
    target_of,
)
from plugins_app.supervisor.vitals import Vitals
from plugins_app.supervisor.wanted import Known, Wanted

log = logging.getLogger(__name__)
KEPT_LINES: Final = 50
NODE_STOP_DRAIN: Final = 5.0


class Slot:
    """Run `run` as a task; `update` tells it what its row wants now."""

    def __init__(self, wanted: Wanted, hands: Hands) -> None:
        self.wanted = wanted
        self.process: PluginProcess | None = None
        self.alive: set[PluginProcess] = (
            set()
        )  # also those not ready yet and those on their way out
        self._hands = hands
        self._ledger = hands.ledger
        self._stir = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self._failures = wanted.failures
        self._generation = 0  # of the process that runs
        self._refused = 0  # a generation that did not start in place of a running process
        self._trouble = ""
        self.vitals = Vitals(hands.ledger, wanted.instance_id)
        self._fatal_since = 0 if wanted.is_fatal else None
        self._log = places.log_file(wanted.plugin, wanted.ordinal)

    def update(self, wanted: Wanted | None, as_of: int) -> None:
        """What the row said at entry `as_of` of the ledger; None: it is gone."""
        if wanted is None:
            self.wanted = replace(self.wanted, is_wanted=False)
        else:
            self.wanted = wanted
            if self._fatal_since is not None and as_of > self._fatal_since and not wanted.is_fatal:
                self._fatal_since, self._failures = None, ()
        self._stir.set()

    async def run(self) -> None:
        """Until the slot is no longer wanted and its process has ended."""
        if self.wanted.known is not None:
            await self._take_back(self.wanted.known)
        while self.process is not None or self.wanted.is_wanted:
            if self.process is not None:
                await self._attend(self.process)
            elif self._fatal_since is not None:
                await self._stirred()
            else:
                await self._start()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._ledger.put(marks.mark_exited, self._id, "It was stopped.")

    async def put_down(self) -> None:
        """The node stops: end what lives, without waiting for rows. `run` was cancelled before."""
        for task in self._background:
            task.cancel()
        if self.alive:
            self._ledger.put(marks.mark_draining, self._id, "The node is being stopped.")
        drain = min(drain_seconds(self.wanted), NODE_STOP_DRAIN)
        ends = (self._end(each, drain, "the node is being stopped") for each in list(self.alive))
        await asyncio.gather(*ends)
        if self._fatal_since is None:
            self._ledger.put(marks.mark_exited, self._id, "The node was stopped.")

    def trouble(self, reason: str) -> None:
        """Whatever it is, a new process is the remedy."""
        self._trouble = reason
        self._stir.set()

    @property
    def _id(self) -> UUID:
        return self.wanted.instance_id

    async def _take_back(self, known: Known) -> None:
        """The row names a process: it may have outlived its supervisor. Never kills."""
        try:
            process = processes.adopt(
                known.identity,
                launch_id=known.launch_id,
                address=known.address,
                contract=known.contract,
            )
        except NotOurs as error:
            self._ledger.put(marks.mark_lost, self._id, str(error))
            return
        try:
            await self._hands.lifecycle.health(
                target_of(self.wanted, process), lease_seconds=LEASE_SECONDS, timeout=2.0
            )
        except CallFailed as error:
            process.release()
            reason = f"The earlier process {process.pid} {error}; it ends with its lease."
            self._ledger.put(marks.mark_lost, self._id, reason)
            return
        self._adopt(process, known)

    def _adopt(self, process: PluginProcess, known: Known) -> None:
        self._born(process)
        self.process, self._generation = process, known.generation
        running = _running(process, known.generation, known.release_id)
        self._ledger.put(marks.mark_adopted, self._id, running)

    async def _start(self) -> None:
        wanted = self.wanted
        self._ledger.put(marks.mark_starting, self._id)
        launching = asyncio.create_task(self._hands.launch(wanted, self._born))
        try:
            while not launching.done():
                await self._stirred(launching)
                if not self.wanted.is_wanted:
                    launching.cancel()
        finally:
            launching.cancel()
            await asyncio.gather(launching, return_exceptions=True)
        if launching.cancelled():
            return  # a stop came first
        try:
            self._take_over(launching.result(), wanted)
        except LaunchFailed as error:
            await self._failed(str(error), 0.0)

    def _take_over(self, process: PluginProcess, wanted: Wanted) -> None:
        """From now on messages go to this process."""
        restarted = bool(self._failures)
        self.process, self._generation = process, wanted.generation
        self.vitals, self._trouble = Vitals(self._ledger, self._id), ""
        running = _running(process, wanted.generation, wanted.release_id)
        self._ledger.put(marks.mark_running, self._id, running, restarted=restarted)
        self._stir.clear()
        self._beside(self._describe(process))

    async def _describe(self, process: PluginProcess) -> None:
        """Its agents' cards in its own words. Nothing waits for it."""
        try:
            agents = await self._hands.lifecycle.describe(target_of(self.wanted, process))
        except CallFailed as error:
            log.warning("process %d does not describe its agents: it %s", process.pid, error)
        else:
            self._ledger.put(marks.publish_described, self._id, agents)

    async def _attend(self, process: PluginProcess) -> None:
        """Wait for whatever ends the peace, and answer it."""
        if process.exited.is_set():
            self.process = None
            await self._failed(process.end, process.up_seconds)
        elif not self.wanted.is_wanted:
            await self._drain(process)
        elif self._trouble:
            await self._break_off(process)
        elif self._is_stale() and self._hands.take_turn(self.wanted.plugin, self):
            await self._replace(process)
        else:
            await self._stirred(process.exited.wait())

    def _is_stale(self) -> bool:
        return self.wanted.generation not in (self._generation, self._refused)

    async def _drain(self, process: PluginProcess) -> None:
        self._ledger.put(marks.mark_draining, self._id, "It is being stopped.")
        await asyncio.sleep(ROUTERS_HEAR_SECONDS)
        await self._end(process, drain_seconds(self.wanted), "it is no longer wanted")
        self.process = None

    async def _break_off(self, process: PluginProcess) -> None:
        reason, self._trouble = self._trouble, ""
        self._ledger.put(marks.mark_draining, self._id, reason)
        await self._hands.insist(process)
        self.process = None
        await self._failed(reason, process.up_seconds)

    async def _replace(self, old: PluginProcess) -> None:
        """The new process takes over before the old one drains: no message finds the slot empty."""
        wanted = self.wanted
        try:
            process = await self._hands.launch(wanted, self._born)
            self._failures = ()
            self._take_over(process, wanted)
            self._beside(self._retire(old))
        except LaunchFailed as error:
            self._refused = wanted.generation
            reason = f"Its replacement did not start, so the earlier process goes on. {error}"
            self._ledger.put(marks.mark_reason, self._id, reason)
        finally:
            self._hands.give_turn(wanted.plugin)

    async def _retire(self, old: PluginProcess) -> None:
        await asyncio.sleep(ROUTERS_HEAR_SECONDS)
        await self._end(old, drain_seconds(self.wanted), "a newer process took over")

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it while the slot goes on; the slot does not close before it is done."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _failed(self, reason: str, up_seconds: float) -> None:
        """It ended unasked or did not start: soon again, or enough of it."""
        verdict = crashes.judge(
            self._failures,
            now=time.time(),
            up_seconds=up_seconds,
            startup_timeout=startup_seconds(self.wanted),
            chance=random.random(),  # noqa: S311 - only spreads restarts
        )
        self._failures = verdict.failures
        tail = places.last_lines(self._log, KEPT_LINES)
        log.warning("%s/%d: %s", self.wanted.plugin, self.wanted.ordinal, reason)
        if verdict.delay is None:
            self._fatal_since = self._ledger.put(
                marks.mark_fatal, self._id, reason, verdict.failures, tail
            )
        else:
            self._ledger.put(
                marks.mark_failed, self._id, reason, verdict.failures, verdict.delay, tail
            )
            await self._pause(verdict.delay)

    async def _pause(self, seconds: float) -> None:
        """Before the next try; over at once when it is not wanted any more."""
        generation, until = self.wanted.generation, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self.wanted.is_wanted or self.wanted.generation != generation:
                return
            await self._stirred(within=left)

    async def _stirred(
        self, *others: "asyncio.Task[Any] | Coroutine[Any, Any, Any]", within: float | None = None
    ) -> None:
        """Until something changed, one of the others came, or the time is over."""
        own = [asyncio.ensure_future(self._stir.wait())]
        own += [asyncio.ensure_future(each) for each in others if asyncio.iscoroutine(each)]
        given = [each for each in others if isinstance(each, asyncio.Task)]
        try:
            await asyncio.wait([*own, *given], timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in own:
                wait.cancel()
        self._stir.clear()

    def _born(self, process: PluginProcess) -> None:
        self.alive.add(process)
        process.on_exit(lambda: self.alive.discard(process))

    async def _end(self, process: PluginProcess, drain: float, reason: str) -> None:
        target = target_of(self.wanted, process)
        await self._hands.end(process, target, drain_seconds=drain, reason=reason)


def _running(process: PluginProcess, generation: int, release_id: UUID) -> marks.Running:
    return marks.Running(
        pid=process.pid,
        process_started=process.identity.started,
        boot_id=process.identity.boot_id,
        executable=process.identity.executable,
        launch_id=process.launch_id,
        address=process.address,
        contract=process.contract,
        generation=generation,
        release_id=release_id,
    )
