"""One turn of a task on its way through an agent. It goes on whoever listens, and holds the task's lease.

Open, wait, close: its rows are written before and after; while the agent thinks, nothing is held but the lease.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import BadAnswer, Broken, Impostor
from plugins_app.client.target import Target
from plugins_app.services.guarding import record_refusal
from routing.delivery.answers import changes_of
from routing.delivery.board import Board
from routing.delivery.delivering import Delivery
from routing.delivery.endings import BROKEN, FAILURES, STOPPED, Ending, canceled, ending_of
from routing.delivery.feed import Feed
from routing.errors import EntryRefused, StaleTask
from routing.journal import Change, Claim, NewMessage
from routing.limits import MAX_TURN_SECONDS
from routing.models import INTERRUPTED
from routing.record import Json, Kind, Record, after, message_of_agent, now, status_of
from routing.selectors.records import known_record
from routing.usage import added, usage_of
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
# A result must not get lost because Postgres restarts; the lease of a lost task ends long before.
COMMIT_PATIENCE: Final = 30.0
# A turn that fails or is cancelled leaves what the agent remembers as it was.
GIVEN_UP: Final = frozenset({"CANCELED", "FAILED"})
REMEMBERED: Final = frozenset({"COMPLETED"}) | INTERRUPTED


class Stopped(Exception):  # noqa: N818 - a fact
    """The turn was told to end while something was being written."""


class Run:
    """`record` is the last committed snapshot.

    `decided`: it is known whether the caller gets a task or a message in its place. `settled` resolves to the record
    with which the caller who waits is answered, `over` to the last one: they differ where an agent that asked for
    authentication goes on by itself.
    """

    def __init__(
        self,
        board: Board,
        record: Record,
        turn: Turn,
        *,
        live: bool,
        again: bool = False,
        claim: Claim | None = None,
    ) -> None:
        """`live`: somebody may follow it. `again`: an earlier delivery of this turn was lost with its process.

        `claim`: that of its conversation's turn, where its opening made it.
        """
        loop = asyncio.get_running_loop()
        self._board = board
        self._live = live
        self._again = again and not turn.resumes
        self._claim = claim
        self._memory: bytes | None = None
        self._ending: Ending | None = None
        self._is_writing = False
        self._watched_until = 0.0
        self._has_spoken = bool(turn.history)
        self.record = record
        self._delivery = Delivery(board, self, turn, live=live)
        self.feed = Feed(record.seq)
        self.decided: asyncio.Future[None] = loop.create_future()
        self.settled: asyncio.Future[Record] = loop.create_future()
        self.over: asyncio.Future[Record] = loop.create_future()
        if not record.is_direct:
            self.decided.set_result(None)
        self._task = asyncio.create_task(self._go())

    def cancel(self, metadata: Json | None = None) -> None:
        """A caller wants it to stop: the agent's work is cancelled, the task CANCELED."""
        self._stop(canceled(metadata))

    def abandon(self) -> None:
        """This web process goes down: what it cannot wait for has failed. What waits for its caller goes on waiting."""
        if self.record.is_interrupted:
            self.lose()
        else:
            self._stop(STOPPED)

    def lose(self) -> None:
        """The lease is somebody else's by now; so is the outcome."""
        self._soon(self._task.cancel)

    def watch(self, seconds: float) -> None:
        """Another process follows this task: tell it of changes for a while."""
        self._watched_until = max(self._watched_until, time.monotonic() + seconds)

    def _stop(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
            self._soon(self._interrupt)

    def _interrupt(self) -> None:
        if not self._is_writing:  # the end builds on what is being written
            self._task.cancel()

    def _soon(self, what: Callable[[], object]) -> None:
        """Not before it has begun: a task cancelled before its first step runs none, not even its end."""
        self._task.get_loop().call_soon(what)

    async def _go(self) -> None:
        try:
            await self._turn_out()
        except (asyncio.CancelledError, Stopped):
            await self._end_or_lose(self._ending)
        except StaleTask:
            await self._end_or_lose(None)
        except Exception:
            log.exception("the run of task %s broke", self.record.id)
            await self._end_or_lose(BROKEN)
        finally:
            self._board.finished(self.record.id, self)
            self.feed.close()
            self._tell_over()

    def _tell_over(self) -> None:
        if not self.decided.done():
            self.decided.set_result(None)
        for told in (self.settled, self.over):
            if not told.done():
                told.set_result(self.record)

    async def _turn_out(self) -> None:
        """Deliver, and end the task in the agent's place where it does not."""
        try:
            async with asyncio.timeout(MAX_TURN_SECONDS):
                await self._deliver()
            if not self.record.is_settled:
                raise BadAnswer("its turn ended without a final state")
        except FAILURES as error:
            if isinstance(error, Impostor):
                await self._report(error)
            await self._end(ending_of(error))

    async def _report(self, error: Impostor) -> None:
        """For the page of the process and the audit; its task ends whether they can be written or not."""
        instance = _instance(self._delivery.target)
        told = {"agent": self.record.agent_slug, "task": self.record.id}
        reason = f"An answer for {self.record.agent_slug} was refused: {error}."
        if instance is not None:
            with suppress(Unavailable):
                await ask(record_refusal, UUID(instance), "plugin.answered", reason, told)

    async def _deliver(self) -> None:
        if self.record.keeps_memory:
            await self._take_turn()
        if self._again:
            await self.begin_again()
        try:
            await self._delivery.go()
        except Broken:
            # Who waits for its caller is asked again with the next message; nothing was lost.
            if not self.record.is_interrupted:
                raise

    async def _take_turn(self) -> None:
        """One message of a conversation at a time: others are on their way, perhaps in other processes."""
        if self._claim is None:
            self._claim = await self._board.conversations.turn(self.record.id)
        self._delivery.remember(self._claim.memory)

    async def begin_again(self) -> None:
        """The message goes out once more: say so."""
        told: Json = {"metadata": {"agentx": {"delivery": self._delivery.count}}}
        await self._commit([("status", status_of("WORKING", now()) | told)], decides=False)

    async def begin_work(self) -> None:
        """A process has been found for a task that waited for one."""
        if self.record.state == "SUBMITTED":
            await self._commit([("status", status_of("WORKING", now()))], decides=False)

    async def take(self, happenings: Sequence[Happening]) -> bool:
        """What the agent did, written down. Whether its turn is over."""
        heard = changes_of(self.record, happenings)
        if not heard.changes:
            return False
        if self._has_spoken and any(each.kind == "reply" for each in happenings):
            raise BadAnswer("a direct message came after other events")
        self._has_spoken = True
        self._memory = happenings[-1].memory
        await self._commit(
            heard.changes, heard.reason, is_direct=heard.is_direct, upstream=heard.upstream
        )
        return self._is_last(self.record)

    def _is_last(self, record: Record) -> bool:
        """Whether nothing more comes of this turn. An agent that waits for authentication may go on by itself."""
        return record.is_settled and not (self._live and record.state == "AUTH_REQUIRED")

    async def _end(self, ending: Ending) -> None:
        message = message_of_agent(self.record, ending.text)
        status = status_of(ending.state, now(), message)
        if ending.metadata:
            status["metadata"] = ending.metadata
        await self._commit([("status", status)], ending.reason, from_agent=False)
        self._delivery.give_up()

    async def _end_or_lose(self, ending: Ending | None) -> None:
        """The last word; the row has it when somebody else was quicker."""
        try:
            if ending is not None:
                return await self._end(ending)
        except (StaleTask, Unavailable, EntryRefused) as error:
            log.warning("task %s could not be ended here: %r", self.record.id, error)
        try:
            self.record = await ask(known_record, self.record.id)
        except Unavailable as error:
            for told in (self.settled, self.over):
                if not told.done():
                    told.set_exception(error)
                    told.exception()  # nobody has to be waiting for it

    async def _commit(
        self,
        changes: Sequence[tuple[Kind, Json]],
        reason: str = "",
        *,
        from_agent: bool = True,
        decides: bool = True,
        is_direct: bool = False,
        upstream: Json | None = None,
    ) -> None:
        """Write it down; then, and only then, it has happened."""
        before = self.record
        record, events = after(before, changes)
        record.reason = reason
        record.is_direct = is_direct if decides else before.is_direct
        record.upstream = upstream or before.upstream
        record.deliveries = self._delivery.count
        record.lease_owner = "" if self._is_last(record) else before.lease_owner
        usage = usage_of(payload for kind, payload in changes if kind == "status")
        record.usage = added(before.usage, usage)
        step = Change(before, record, events, claim=self._claim, usage=usage)
        step.messages = _said(changes) if from_agent else ()
        step.instance = _instance(self._delivery.target)
        if usage and (route := self._board.routes.get(record.agent_slug)):
            step.plugin = route.plugin
        if record.state in REMEMBERED and not record.lease_owner:
            step.memory = self._memory
        await self._write(step)
        if record.state in GIVEN_UP:
            self._board.orphaned(record.id)
        if decides and not self.decided.done():
            self.decided.set_result(None)
        if record.is_interrupted and not self._is_last(record) and not self.settled.done():
            self.settled.set_result(record)
        if self._ending is not None and not self._is_last(record):
            raise Stopped

    async def _write(self, step: Change) -> None:
        """Into the journal, and on to all who listen."""
        self._is_writing = True
        try:
            await self._board.journal.change(step, patience=COMMIT_PATIENCE)
        finally:
            self._is_writing = False
        self.record = step.after
        self.feed.publish(step.events)
        is_watched = self._watched_until > time.monotonic()
        self._board.committed(step.after.id, step.events, is_watched=is_watched)


def _said(changes: Sequence[tuple[Kind, Json]]) -> list[NewMessage]:
    """The agent's words, for the conversation."""
    statuses = (payload for kind, payload in changes if kind == "status")
    return [NewMessage(each["message"], "agent") for each in statuses if "message" in each]


def _instance(target: Target | None) -> str | None:
    return target.instance_id or None if target else None
