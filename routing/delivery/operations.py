"""The A2A operations on plain objects: what every door calls. Principal first; refusals are `PublicError`s.

Tasks are the caller's own with this agent: hidden and missing look alike. Anonymous callers share one subject, so the
random id of a task, or of a context, is their right to it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from registry.profile import Profile
from routing.delivery.audience import Audience
from routing.delivery.endings import reached
from routing.delivery.following import Following
from routing.delivery.opening import Openings, route_for
from routing.delivery.pushes import Pushes
from routing.delivery.run import Run
from routing.delivery.switchboard import Switchboard
from routing.errors import (
    ExtensionSupportRequired,
    TaskNotCancelable,
    UnsupportedOperation,
)
from routing.limits import CANCEL_SECONDS
from routing.record import Json, Record
from routing.requests import Listing, Send, Told
from routing.selectors.records import Page, page, record
from routing.services import request_cancel
from security.errors import InvalidInput
from security.principals import Principal
from security.rows import ask


class Operations:
    """Over one switchboard. Streams give A2A StreamResponses, the task first."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._openings = Openings(switchboard)
        self.pushes = Pushes(switchboard, self.task)
        self._following = Following(switchboard)
        self._audience = Audience()

    def require_call(
        self, principal: Principal, slug: str, extensions: frozenset[str] = frozenset()
    ) -> Profile:
        """Refuse who may not call this agent, that there is none, or who does not speak what it requires."""
        route = route_for(self._switchboard, principal, slug)
        if missing := set(route.profile.required_extensions) - extensions:
            raise ExtensionSupportRequired(
                f"The agent requires the extension {min(missing)}: name it in A2A-Extensions."
            )
        return route.profile

    async def send(self, principal: Principal, slug: str, send: Send) -> Record:
        """Answers when the turn has ended, or at once with returnImmediately. Who leaves loses nothing.

        An agent that may answer with a message is waited for until it is known whether there is a task to return.
        """
        begun = await self._openings.begin(principal, slug, send, live=send.return_immediately)
        if isinstance(begun, Record):
            return await self._sent_before(begun, send)
        if send.return_immediately:
            await asyncio.shield(begun.decided)
            if not begun.record.is_direct:
                return reached(begun.record, "taskId" not in send.message)
        ended = await self._following.settled(await asyncio.shield(begun.settled))
        return reached(ended, "taskId" not in send.message)

    async def _sent_before(self, task: Record, send: Send) -> Record:
        """The answer to a message that was sent before: as to the first sending of it."""
        if send.return_immediately and not task.is_direct:
            return task
        return await self._following.settled(task)

    async def stream(self, principal: Principal, slug: str, send: Send) -> AsyncIterator[Told]:
        """The task, then everything that happens to it in this turn. Who leaves does not stop it."""
        route = route_for(self._switchboard, principal, slug)
        if not route.profile.streaming:
            raise UnsupportedOperation("This agent does not stream: use SendMessage.")
        self._audience.require_room(principal)
        begun = await self._openings.begin(principal, slug, send, live=True)
        if isinstance(begun, Run):
            told = self._following.turn(begun, begun.record, send.history_length)
        else:
            told = self._following.task(begun, None, is_turn=True)
        return self._audience.counted(principal, told)

    async def task(
        self, principal: Principal, slug: str, task_id: str, history: int | None
    ) -> Record:
        route = route_for(self._switchboard, principal, slug)
        return await ask(record, principal, route.agent_id, task_id, history)

    async def tasks(self, principal: Principal, slug: str, listing: Listing) -> Page:
        """Strangers are not told apart, so they see what they can name: the tasks of a context, and no list of all."""
        route = route_for(self._switchboard, principal, slug)
        if principal.is_anonymous and not listing.context_id:
            return Page(records=[], total=0, next_after=None)
        return await ask(page, principal, route.agent_id, listing)

    async def cancel(
        self, principal: Principal, slug: str, task_id: str, metadata: Json | None = None
    ) -> Record:
        """On whichever web process runs it. Answers with the task as it is after at most CANCEL_SECONDS.

        `metadata`: what the caller says of it; the task's last event carries it.
        """
        found = await self.task(principal, slug, task_id, None)
        if found.is_terminal:
            raise TaskNotCancelable(f"The task has ended already ({found.state}).")
        if run := self._switchboard.runs.get(found.id):
            run.cancel(metadata)
            found = await asyncio.shield(run.over)
        if found.state == "CANCELED":
            return found
        if found.is_terminal:
            raise TaskNotCancelable(f"The task ended before it could be canceled ({found.state}).")
        # Another process runs it; perhaps it has just taken it over.
        await ask(request_cancel, principal, found.id, metadata)
        return await self._outcome(principal, slug, found)

    async def _outcome(self, principal: Principal, slug: str, asked: Record) -> Record:
        """Wait for the process that runs it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._following.ended(asked)
        return await self.task(principal, slug, asked.id, None)

    async def subscribe(
        self, principal: Principal, slug: str, task_id: str, after: int | None = None
    ) -> AsyncIterator[Told]:
        """The task as it is, then what happens to it until it ends, through further turns and on any process.

        `after`: instead of the task, every event with a greater number; of a task that has ended, too.
        """
        route = route_for(self._switchboard, principal, slug)
        if not route.profile.streaming:
            raise UnsupportedOperation("This agent does not stream: use GetTask.")
        self._audience.require_room(principal)
        found = await self.task(principal, slug, task_id, None)
        if after is None and found.is_terminal:
            raise UnsupportedOperation(
                f"The task has ended ({found.state}): there is nothing to subscribe to. Get it."
            )
        if after is not None and not 0 <= after <= found.seq:
            raise InvalidInput(
                f"Last-Event-ID: the task has the events 1 to {found.seq}.",
                fields={"Last-Event-ID": f"0 to {found.seq}"},
            )
        return self._audience.counted(principal, self._following.task(found, after))
