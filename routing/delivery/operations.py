"""The A2A operations on plain objects: what every door calls. Principal first; refusals are `PublicError`s.

Tasks are the caller's own with this agent: hidden and missing look alike. Anonymous callers share one subject, so the
random id of a task is their right to it, and they may not list.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from registry.profile import Profile
from routing.delivery.opening import Openings, route_for
from routing.delivery.run import Run
from routing.delivery.switchboard import Switchboard
from routing.errors import ExtensionSupportRequired, TaskNotCancelable, UnsupportedOperation
from routing.limits import CANCEL_SECONDS
from routing.record import Record, stream_response
from routing.requests import Listing, Send, Told
from routing.selectors import Page, news_of, page, record
from routing.services import request_cancel
from security.errors import NotAuthenticated
from security.principals import Principal
from security.rows import ask

POLL_SECONDS: Final = 1.0


class Operations:
    """Over one switchboard. Streams give A2A StreamResponses, the task first."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._openings = Openings(switchboard)

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
        """Answers when the turn has ended, or at once with returnImmediately. Who leaves loses nothing."""
        live = send.return_immediately
        run = await self._openings.begin(principal, slug, send, live=live)
        return run.record if live else await asyncio.shield(run.settled)

    async def stream(self, principal: Principal, slug: str, send: Send) -> AsyncIterator[Told]:
        """The task, then everything that happens to it in this turn. Who leaves does not stop it."""
        run = await self._openings.begin(principal, slug, send, live=True)
        opened = run.record
        return self._told(run, opened, send.history_length)

    async def task(
        self, principal: Principal, slug: str, task_id: str, history: int | None
    ) -> Record:
        route = route_for(self._switchboard, principal, slug)
        return await ask(record, principal.subject, route.agent_id, task_id, history)

    async def tasks(self, principal: Principal, slug: str, listing: Listing) -> Page:
        route = route_for(self._switchboard, principal, slug)
        if principal.is_anonymous:
            raise NotAuthenticated(
                "Tasks are listed to callers that AgentX knows: send an API key."
            )
        return await ask(page, principal.subject, route.agent_id, listing)

    async def cancel(self, principal: Principal, slug: str, task_id: str) -> Record:
        """On whichever web process runs it. Answers with the task as it is after at most CANCEL_SECONDS."""
        found = await self.task(principal, slug, task_id, None)
        if found.is_terminal:
            raise TaskNotCancelable(f"The task has ended already ({found.state}).")
        run = self._switchboard.runs.get(found.id)
        if run is None:
            await ask(request_cancel, principal, found.id)
            return await self._outcome(principal, slug, found)
        run.cancel()
        ended = await asyncio.shield(run.settled)
        if ended.state != "CANCELED":
            raise TaskNotCancelable(f"The task ended before it could be canceled ({ended.state}).")
        return ended

    async def _outcome(self, principal: Principal, slug: str, asked: Record) -> Record:
        """Wait for the process that runs it."""
        until = time.monotonic() + CANCEL_SECONDS
        while time.monotonic() < until:
            found = await self.task(principal, slug, asked.id, None)
            if found.is_terminal:
                break
            await self._switchboard.changed(asked.id, POLL_SECONDS / 4)
        return found

    async def subscribe(self, principal: Principal, slug: str, task_id: str) -> AsyncIterator[Told]:
        """The task as it is, then what happens to it until it ends, through further turns and on any process."""
        found = await self.task(principal, slug, task_id, None)
        if found.is_terminal:
            raise UnsupportedOperation(
                f"The task has ended ({found.state}): there is nothing to subscribe to. Get it."
            )
        return self._followed(found)

    async def _told(
        self, run: Run, opened: Record, history_length: int | None
    ) -> AsyncIterator[Told]:
        yield Told(opened.seq, {"task": opened.a2a(history_length)})
        async with aclosing(run.feed.after(opened.seq)) as events:
            async for event in events:
                if response := stream_response(opened, event):
                    yield Told(event.seq, response)
        # Lost to another process, or the database away: the last event is not in the feed.
        ended = await asyncio.shield(run.settled)
        if ended.seq > run.feed.last_seq:
            yield Told(ended.seq, {"task": ended.a2a(history_length)})

    async def _followed(self, found: Record) -> AsyncIterator[Told]:
        """From memory while this process runs the task, else from its rows."""
        yield Told(found.seq, {"task": found.a2a()})
        seq, closed = found.seq, False
        while not closed:
            run = self._switchboard.runs.get(found.id)
            if run is not None and run.feed.follows(seq):
                async with aclosing(run.feed.after(seq)) as live:
                    async for event in live:
                        seq = event.seq
                        if response := stream_response(found, event):
                            yield Told(event.seq, response)
                closed = run.record.is_terminal
                continue
            rows, closed = await ask(news_of, found.id, seq)
            for event in rows:
                seq = event.seq
                if response := stream_response(found, event):
                    yield Told(event.seq, response)
            if not closed:
                await self._switchboard.changed(found.id, POLL_SECONDS)
