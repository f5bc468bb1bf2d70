"""One turn of a task on its way through an agent. It goes on whoever listens, and holds the task's lease.

Open, wait, close: its rows are written before and after; while the agent thinks, nothing is held but the lease.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import BadAnswer, Broken, TurnFailed, Undelivered
from plugins_app.client.target import Target
from routing.delivery.answers import changes_of
from routing.delivery.board import Board
from routing.delivery.feed import Feed
from routing.delivery.inbox import Inbox
from routing.errors import EntryRefused, NoProcess, StaleTask
from routing.journal import Change, NewMessage
from routing.limits import FIND_PROCESS_SECONDS, MAX_DELIVERIES, MAX_TURN_SECONDS
from routing.record import Json, Kind, Record, after, message_of_agent, now, status_of
from routing.selectors import known_record
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
# A result must not get lost because Postgres restarts; the lease of a lost task ends long before.
COMMIT_PATIENCE: Final = 30.0
STOPPED: Final = "AgentX was stopped while the agent was at work."


class Stopped(Exception):  # noqa: N818 - a fact
    """The turn was told to end while something was being written."""


class Ending(NamedTuple):
    """How a turn ends when the agent does not end it."""

    state: str
    text: str
    reason: str


class Run:
    """`record` is the last committed snapshot; `settled` resolves to the one with which the turn ended."""

    def __init__(self, board: Board, record: Record, turn: Turn, *, live: bool) -> None:
        self._board = board
        self._turn = turn
        self._live = live
        self._ending: Ending | None = None
        self._target: Target | None = None
        self._is_writing = False
        self._watched_until = 0.0
        self.record = record
        self.feed = Feed(record.seq)
        self.settled: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._go())

    def cancel(self) -> None:
        """A caller wants it to stop: the agent's work is cancelled, the task CANCELED."""
        self._stop(Ending("CANCELED", "The task was canceled.", "canceled"))

    def abandon(self) -> None:
        """This web process goes down: what it cannot wait for has failed."""
        self._stop(Ending("FAILED", STOPPED, "agentx_stopped"))

    def lose(self) -> None:
        """The lease is somebody else's by now; so is the outcome."""
        self._task.cancel()

    def watch(self, seconds: float) -> None:
        """Another process follows this task: tell it of changes for a while."""
        self._watched_until = time.monotonic() + seconds

    def _stop(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
            if not self._is_writing:  # the end builds on what is being written
                self._task.cancel()

    async def _go(self) -> None:
        try:
            await self._turn_out()
        except (asyncio.CancelledError, Stopped):
            await self._end_or_lose(self._ending)
        except StaleTask:
            await self._end_or_lose(None)
        except Exception:
            log.exception("the run of task %s broke", self.record.id)
            text = "Something went wrong inside AgentX. The log has it under the request id."
            await self._end_or_lose(Ending("FAILED", text, "internal"))
        finally:
            self._board.finished(self.record.id, self)
            self.feed.close()
            if not self.settled.done():
                self.settled.set_result(self.record)

    async def _turn_out(self) -> None:
        """Deliver, and end the task in the agent's place where it does not."""
        try:
            async with asyncio.timeout(MAX_TURN_SECONDS):
                await self._deliver()
            if not self.record.is_settled:
                raise BadAnswer("its turn ended without a final state")
        except TurnFailed as failed:
            ending = Ending("FAILED", failed.reason, failed.code)
        except BadAnswer as bad:
            text = f"The agent's answer cannot be understood: {bad}."
            ending = Ending("FAILED", text, "invalid_agent_response")
        except EntryRefused as refused:
            text = f"The agent's answer was refused: {refused}."
            ending = Ending("FAILED", text, "invalid_agent_response")
        except NoProcess as nobody:
            ending = Ending("FAILED", str(nobody), "agent_unreachable")
        except Broken as broken:
            ending = Ending("FAILED", f"The agent's process was lost: {broken}.", "process_lost")
        except TimeoutError:
            text = f"The agent took longer than {MAX_TURN_SECONDS:.0f} s."
            ending = Ending("FAILED", text, "timeout")
        else:
            return
        await self._end(ending)

    async def _deliver(self) -> None:
        """To one process after the other, as long as the agent's retry policy allows."""
        deliveries = 0
        until = time.monotonic() + FIND_PROCESS_SECONDS
        why = told = "none is running"
        while True:
            target = self._target = await self._find(until, why)
            try:
                with self._board.balance.carry(target):
                    return await self._attempt(target)
            except Undelivered as undelivered:
                why = str(undelivered)
            except Broken as broken:
                deliveries += 1
                if deliveries >= MAX_DELIVERIES or not self._may_deliver_again():
                    raise
                why, until = str(broken), time.monotonic() + FIND_PROCESS_SECONDS
            if why != told:
                log.info("task %s goes to another process: %s", self.record.id, why)
                told = why
            self._board.routes.avoid(target)

    async def _find(self, until: float, why: str) -> Target:
        """The process with the fewest messages in flight, as soon as there is one."""
        board = self._board
        while not (targets := board.routes.usable(self.record.agent_slug)):
            left = until - time.monotonic()
            if left <= 0:
                raise NoProcess(f"No process of the agent could take the message: {why}.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(board.routes.change(), left)
        return board.balance.choose(targets)

    def _may_deliver_again(self) -> bool:
        route = self._board.routes.get(self.record.agent_slug)
        return route is not None and route.redelivers

    async def _attempt(self, target: Target) -> None:
        if self.record.state == "SUBMITTED":
            await self._commit([("status", status_of("WORKING", now()))])
        if self._live:
            await self._attempt_live(target)
        else:
            happenings = await self._board.messages.process(target, self._turn)
            await self._take(happenings)

    async def _attempt_live(self, target: Target) -> None:
        inbox = Inbox(self._board.messages.stream(target, self._turn))
        try:
            while not self.record.is_settled:
                happenings = await inbox.take()
                if happenings is None:
                    return
                await self._take(happenings)
        finally:
            await inbox.close()

    async def _take(self, happenings: Sequence[Happening]) -> None:
        changes, reason = changes_of(self.record, happenings)
        if changes:
            await self._commit(changes, reason)

    async def _end(self, ending: Ending) -> None:
        message = message_of_agent(self.record, ending.text)
        status = status_of(ending.state, now(), message)
        await self._commit([("status", status)], ending.reason, from_agent=False)

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
            self.settled.set_exception(error)
            self.settled.exception()  # nobody has to be waiting for it

    async def _commit(
        self, changes: Sequence[tuple[Kind, Json]], reason: str = "", *, from_agent: bool = True
    ) -> None:
        """Write it down; then, and only then, it has happened."""
        before = self.record
        record, events = after(before, changes)
        record.reason = reason
        if record.is_settled:
            record.lease_owner = ""
        step = Change(
            before,
            record,
            events,
            messages=_said(changes) if from_agent else (),
            instance=self._target.instance_id if self._target else None,
        )
        self._is_writing = True
        try:
            await self._board.journal.change(step, patience=COMMIT_PATIENCE)
        finally:
            self._is_writing = False
        self.record = record
        self.feed.publish(events)
        if self._ending is not None and not record.is_settled:
            raise Stopped
        if self._watched_until > time.monotonic():
            self._board.tell_changed(record.id)


def _said(changes: Sequence[tuple[Kind, Json]]) -> list[NewMessage]:
    """The agent's words, for the conversation."""
    statuses = (payload for kind, payload in changes if kind == "status")
    return [NewMessage(each["message"], "agent") for each in statuses if "message" in each]
