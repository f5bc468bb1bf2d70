"""What one web process needs to carry messages, started and stopped in order; and the runs it has in hand."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

from uuid_utils import uuid7

from plugins_app.client.channels import Channels
from plugins_app.client.codec import Turn
from plugins_app.client.messages import PluginMessages
from plugins_app.client.target import Target
from routing.delivery.balance import Balance
from routing.delivery.board import Carrier
from routing.delivery.conversations import Conversations
from routing.delivery.losses import taken_over
from routing.delivery.pace import Paces
from routing.delivery.run import Run
from routing.delivery.tails import Tails
from routing.journal import Claim, Journal
from routing.limits import HOLDERS_FIRST_SECONDS, LOST_SECONDS, RENEW_SECONDS
from routing.record import Event, Json, Record
from routing.remote import RemoteAgents, is_remote, target_of
from routing.routes import Routes
from routing.services import cancel_children, hand_over, reap_lost_tasks, withdrawn
from security.errors import Unavailable
from security.news import News
from security.rows import ask
from security.verdicts import verdicts

log = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 10.0
WATCH_SECONDS: Final = 10.0


class Switchboard:
    """Belongs to one event loop. `start` may be called by every request; only the first does something."""

    def __init__(self) -> None:
        self.owner = f"{socket.gethostname()[:80]}:{os.getpid()}:{uuid7().hex[-8:]}"
        self.balance = Balance()
        self.paces = Paces()
        self.runs: dict[str, Run] = {}
        self._started: asyncio.Task[None] | None = None
        self._keepers: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._missing: set[str] = set()
        self.tails = Tails(self._watch)
        self.accepts = True

    async def start(self) -> None:
        if self._started is None:
            self._started = asyncio.create_task(self._start())
        if not self._started.done():
            await asyncio.shield(self._started)

    async def _start(self) -> None:
        self.news = News()
        self.journal = Journal()
        self.conversations = Conversations(
            lambda task_ids: self.journal.claim(task_ids, self.owner), self._tell_turns
        )
        self.journal.on_turn = self.conversations.next
        self.routes = Routes()
        self.messages = PluginMessages(Channels())
        self.remote = RemoteAgents()
        self.news.on("keys", lambda topic, payload: verdicts.forget())
        self.news.on("routes", lambda topic, payload: self.routes.wake())
        self.news.on("tasks", lambda topic, payload: self._hear(payload))
        with contextlib.suppress(Unavailable):  # the routes' own loop goes on trying
            await self.routes.refresh()
        listeners = (self.news.run, self.tails.run, self.conversations.run)
        others = (*listeners, self._renew, self._forget, self._take_over)
        keepers = (self.journal.run, self.routes.run, *others)
        self._keepers = [asyncio.create_task(_kept(keeper)) for keeper in keepers]

    async def stop(self) -> None:
        """Drain, then put everything away."""
        if self._started is None:
            self.accepts = False
            return
        await self.drain()
        journal, *others = self._keepers
        await _end(others)
        await asyncio.gather(*self._errands, return_exceptions=True)
        await _end([journal])
        await self.news.close()
        for launch in self.messages.known():
            await self.messages.forget(launch)
        await self.remote.close()

    async def drain(self) -> None:
        """Take no more turns; let the running ones end for DRAIN_SECONDS; hand the rest over, or fail it with a reason.

        Streams end: of what goes on elsewhere, too, for their clients have to go on elsewhere as well.
        """
        self.accepts = False
        endings = [run.over for run in self.runs.values()]
        if endings:
            await asyncio.wait(endings, timeout=DRAIN_SECONDS)
        left = list(self.runs.values())
        if left:
            others = await self._hand_over([run.record.id for run in left])
            for run in left:
                run.lose() if run.record.id in others else run.abandon()
            await asyncio.wait([run.over for run in left], timeout=DRAIN_SECONDS)
        self.tails.close()

    async def _hand_over(self, task_ids: list[str]) -> set[str]:
        """What other processes go on with."""
        try:
            return await ask(hand_over, task_ids, self.owner)
        except Unavailable:
            return set()

    def begin(
        self,
        record: Record,
        turn: Turn,
        *,
        live: bool,
        again: bool = False,
        claim: Claim | None = None,
    ) -> Run:
        """Carry a turn whose opening is committed. `again`: it was delivered before, by a process that was lost;
        `claim`: its conversation's turn, where it has it already.
        """
        run = Run(self, record, turn, live=live, again=again, claim=claim)
        self.runs[record.id] = run
        self.tails.wake([record.id])
        return run

    def take_from(self, before: Record) -> None:
        """A task goes on here: whoever still listened to its agent's last turn, which asked for something, stops."""
        if run := self.runs.get(before.id):
            run.lose()
        elif before.lease_owner:
            self.errand(self.news.publish("tasks", {"taken": {before.id: self.owner}}))

    def finished(self, task_id: str, run: object) -> None:
        if self.runs.get(task_id) is run:  # the task's next turn may have begun
            del self.runs[task_id]

    def committed(self, task_id: str, events: Sequence[Event], *, is_watched: bool) -> None:
        """To the streams here and, where there are any, elsewhere."""
        self.tails.publish(task_id, events)
        if is_watched:
            self.errand(self.news.publish("tasks", {"changed": [task_id]}))

    def carrier(self, target: Target) -> Carrier:
        return self.remote if is_remote(target) else self.messages

    def give_up(self, target: Target, upstream: Json, request_id: str) -> None:
        self.errand(self.remote.cancel(target, upstream, request_id))

    def orphaned(self, task_id: str) -> None:
        self.errand(self._cancel_children(task_id))

    async def _cancel_children(self, task_id: str) -> None:
        try:
            await ask(cancel_children, [task_id])
        except Unavailable as error:
            log.warning("what task %s asked for goes on: %s", task_id, error.message)

    def _tell_turns(self, task_ids: list[str]) -> None:
        """It is the turn of these tasks, which other processes run."""
        self.errand(self.news.publish("tasks", {"turn": task_ids}))

    def _watch(self, task_ids: list[str]) -> None:
        """Ask who runs these tasks to tell of their changes for a while."""
        self.errand(self.news.publish("tasks", {"watch": task_ids}))

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Something small that nobody waits for."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _withdraw(self) -> None:
        """Tell agents elsewhere of what was canceled, by whomever, while they waited for its caller."""
        with contextlib.suppress(Unavailable):  # the next look finds it
            for agent, revision, upstream, request_id in await ask(withdrawn):
                self.give_up(target_of(agent, revision), upstream, request_id)

    def _hear(self, payload: dict[str, Any]) -> None:
        if "cancel" in payload:
            self.errand(self._withdraw())
        for task_id in payload.get("cancel", ()):
            if run := self.runs.get(task_id):
                run.cancel(payload.get("metadata"))
        self.conversations.hear(payload.get("turn", ()))
        for task_id in payload.get("watch", ()):
            if run := self.runs.get(task_id):
                run.watch(WATCH_SECONDS)
        for task_id, owner in payload.get("taken", {}).items():
            if owner != self.owner and (run := self.runs.get(task_id)):
                run.lose()
        # Without a payload: news may have been missed.
        self.tails.wake(payload.get("changed", ()) if payload else None)

    async def _take_over(self) -> None:
        """Go on with tasks whose process was lost, or end them."""
        while True:
            await asyncio.sleep(LOST_SECONDS)
            if not self.accepts:
                continue
            try:
                for record, turn in await taken_over(self.owner):
                    self.begin(record, turn, live=True, again=True)
                await ask(reap_lost_tasks)  # what nobody may go on with
                await self._withdraw()
            except Unavailable as error:
                log.warning("lost tasks not looked for: %s", error.message)
                await asyncio.sleep(HOLDERS_FIRST_SECONDS - LOST_SECONDS)

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
            for carrier in (self.messages, self.remote):
                for launch in carrier.known() - self.routes.launches():
                    if self.balance.is_idle(launch):
                        await carrier.forget(launch)


async def _kept(keeper: Callable[[], Awaitable[None]]) -> None:
    """For as long as the process lives: what one thing broke must not be missing for all others."""
    while True:
        try:
            return await keeper()
        except Exception:
            log.exception("%s broke; it begins again", keeper.__qualname__)
            await asyncio.sleep(AGAIN_SECONDS)


async def _end(keepers: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until they have ended: redis-py can swallow a cancellation that comes while it connects."""
    left = set(keepers)
    while left:
        for keeper in left:
            keeper.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
