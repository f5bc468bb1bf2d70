"""What one web process needs to carry messages, started and stopped in order; and the runs it has in hand."""

import asyncio
import contextlib
import logging
import os
import socket
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any, Final

from uuid_utils import uuid7

from plugins_app.client.channels import Channels
from plugins_app.client.codec import Turn
from plugins_app.client.messages import PluginMessages
from routing.delivery.balance import Balance
from routing.delivery.run import Run
from routing.journal import Journal
from routing.record import Record
from routing.routes import Routes
from security.errors import Unavailable
from security.news import News
from security.verdicts import verdicts

log = logging.getLogger(__name__)
RENEW_SECONDS: Final = 4.0
DRAIN_SECONDS: Final = 2.0
FORGET_SECONDS: Final = 10.0
WATCH_SECONDS: Final = 10.0


class Switchboard:
    """Belongs to one event loop. `start` may be called by every request; only the first does something."""

    def __init__(self) -> None:
        self.owner = f"{socket.gethostname()[:80]}:{os.getpid()}:{uuid7().hex[-8:]}"
        self.balance = Balance()
        self.runs: dict[str, Run] = {}
        self._started: asyncio.Task[None] | None = None
        self._keepers: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._missing: set[str] = set()
        self._watched: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.accepts = True

    async def start(self) -> None:
        if self._started is None:
            self._started = asyncio.create_task(self._start())
        if not self._started.done():
            await asyncio.shield(self._started)

    async def _start(self) -> None:
        self.news = News()
        self.journal = Journal()
        self.routes = Routes()
        self.messages = PluginMessages(Channels())
        self.news.on("keys", lambda topic, payload: verdicts.forget())
        self.news.on("routes", lambda topic, payload: self.routes.wake())
        self.news.on("tasks", lambda topic, payload: self._hear(payload))
        with contextlib.suppress(Unavailable):  # the routes' own loop goes on trying
            await self.routes.refresh()
        keepers = (self.journal.run, self.routes.run, self.news.run, self._renew, self._forget)
        self._keepers = [asyncio.create_task(keeper()) for keeper in keepers]

    async def stop(self) -> None:
        """Drain, then put everything away."""
        if self._started is None:
            self.accepts = False
            return
        await self.drain()
        journal, *others = self._keepers
        for keeper in others:
            keeper.cancel()
        await asyncio.gather(*others, *self._errands, return_exceptions=True)
        journal.cancel()
        await asyncio.gather(journal, return_exceptions=True)
        await self.news.close()
        for launch in self.messages.known():
            await self.messages.forget(launch)

    async def drain(self) -> None:
        """Take no more turns; let the running ones end for DRAIN_SECONDS; fail the rest with a reason."""
        self.accepts = False
        endings = [run.settled for run in self.runs.values()]
        if endings:
            await asyncio.wait(endings, timeout=DRAIN_SECONDS)
        left = list(self.runs.values())
        for run in left:
            run.abandon()
        if left:
            await asyncio.wait([run.settled for run in left], timeout=DRAIN_SECONDS)

    def begin(self, record: Record, turn: Turn, *, live: bool) -> Run:
        """Carry a turn whose opening is committed."""
        run = self.runs[record.id] = Run(self, record, turn, live=live)
        self._tell_watchers(record.id)
        return run

    def finished(self, task_id: str, run: object) -> None:
        if self.runs.get(task_id) is run:  # the task's next turn may have begun
            del self.runs[task_id]

    def tell_changed(self, task_id: str) -> None:
        """Another web process follows this task."""
        self.errand(self.news.publish("tasks", {"changed": [task_id]}))

    async def changed(self, task_id: str, seconds: float) -> None:
        """Wait for a change of a task that runs elsewhere, or so many seconds: news may get lost."""
        event = self._watched[task_id]
        self.errand(self.news.publish("tasks", {"watch": [task_id]}))
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            self._watched.pop(task_id, None)

    def _tell_watchers(self, task_id: str) -> None:
        if (event := self._watched.pop(task_id, None)) is not None:
            event.set()

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Something small that nobody waits for."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _hear(self, payload: dict[str, Any]) -> None:
        for task_id in payload.get("cancel", ()):
            if run := self.runs.get(task_id):
                run.cancel()
        for task_id in payload.get("watch", ()):
            if run := self.runs.get(task_id):
                run.watch(WATCH_SECONDS)
        for task_id in payload.get("changed", ()):
            self._tell_watchers(task_id)

    async def _renew(self) -> None:
        """Hold the leases of all running tasks, in one statement; learn of cancels that Redis did not tell."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if not self.runs:
                continue
            asked = list(self.runs)
            try:
                held = await self.journal.renew(asked, self.owner)
            except Unavailable as error:
                log.warning("leases not renewed: %s", error.message)
                continue
            self._let_go(asked, held)

    def _let_go(self, asked: list[str], held: dict[str, bool]) -> None:
        """Cancel what is to be canceled, and drop what is no longer ours.

        A run may just be closing: only who is missing twice has lost its lease.
        """
        missing = {task_id for task_id in asked if task_id not in held and task_id in self.runs}
        for task_id in missing & self._missing:
            self.runs[task_id].lose()
        self._missing = missing
        for task_id, is_canceled in held.items():
            if is_canceled and (run := self.runs.get(task_id)):
                run.cancel()

    async def _forget(self) -> None:
        """Close the channels to processes that are gone."""
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            for launch in self.messages.known() - self.routes.launches():
                if self.balance.is_idle(launch):
                    await self.messages.forget(launch)
