"""What streams tell: the events of a task once each and in order, whichever process runs it, through every turn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from routing.delivery.answers import SETTLED
from routing.delivery.endings import reached
from routing.delivery.run import Run
from routing.delivery.switchboard import Switchboard
from routing.record import Event, Record, stream_response
from routing.requests import Told
from routing.selectors.records import events_after, known_record
from security.rows import ask


class Following:
    """Closing a stream ends nothing but the stream."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def turn(
        self, run: Run, opened: Record, length: int | None
    ) -> AsyncGenerator[Told, None]:
        """The task as the turn began (`opened`), then what happens until the turn is over; or the message in its place.

        Where the agent's first words decide which of both it is, nothing is told before them. Raises
        `AgentUnreachable` in place of a first response.
        """
        await asyncio.shield(run.decided)
        reached(run.record, opened.seq == 1)
        if run.record.is_direct:
            ended = await self.settled(await asyncio.shield(run.over))
            yield Told(ended.seq, ended.response(length))
            return
        opened = replace(opened, is_direct=False)  # it was not decided yet
        yield Told(opened.seq, {"task": opened.a2a(length)})
        seq = opened.seq
        async with aclosing(run.feed.after(seq)) as events:
            async for event in events:
                seq = event.seq
                if response := stream_response(opened, event):
                    yield Told(seq, response)
        # Lost to another process, or ended by one: the rest is in the rows.
        ended = await asyncio.shield(run.over)
        if not (ended.is_settled and ended.seq <= seq):
            async with aclosing(self._told(opened, seq, is_turn=True)) as rest:
                async for told in rest:
                    yield told

    async def task(
        self, found: Record, after: int | None, *, is_turn: bool = False
    ) -> AsyncGenerator[Told, None]:
        """The task as it is, or what happened after that number; then what happens until the task ends (`is_turn`:
        until it ends or waits for its caller)."""
        if found.is_direct:
            ended = await self.settled(found)
            yield Told(ended.seq, ended.response())
            return
        if after is None:
            yield Told(found.seq, {"task": found.a2a()})
            if found.is_terminal or (is_turn and found.is_settled):
                return
        seq = found.seq if after is None else after
        async with aclosing(self._told(found, seq, is_turn=is_turn)) as rest:
            async for told in rest:
                yield told

    async def settled(self, found: Record) -> Record:
        """The task once nothing more comes without another message, whoever runs it."""
        if found.is_settled:
            return found
        async with aclosing(self._events(found.id, found.seq)) as events:
            async for event in events:
                if event.kind == "status" and event.payload["state"] in SETTLED:
                    break
        return await ask(known_record, found.id)

    async def ended(self, found: Record) -> None:
        """Wait until it has, whoever runs it."""
        async with aclosing(self._events(found.id, found.seq)) as events:
            async for _ in events:
                pass

    async def _told(self, found: Record, seq: int, *, is_turn: bool) -> AsyncGenerator[Told, None]:
        async with aclosing(self._events(found.id, seq)) as events:
            async for event in events:
                if response := stream_response(found, event):
                    yield Told(event.seq, response)
                if is_turn and event.kind == "status" and event.payload["state"] in SETTLED:
                    return

    async def _events(self, task_id: str, seq: int) -> AsyncGenerator[Event, None]:
        """After that number, until the task has ended: from memory while this process runs it, else from its rows."""
        switchboard = self._switchboard
        while True:
            run = switchboard.runs.get(task_id)
            if run is not None and run.feed.follows(seq):
                async with aclosing(run.feed.after(seq)) as live:
                    async for event in live:
                        seq = event.seq
                        yield event
                if run.record.is_terminal and run.record.seq <= seq:
                    return
                continue
            with switchboard.tails.follow(task_id, seq) as feed:
                if feed.follows(seq):
                    async with aclosing(feed.after(seq)) as read:
                        async for event in read:
                            yield event
                    return
            for event in await ask(events_after, task_id, seq):  # up to where others are
                seq = event.seq
                yield event
