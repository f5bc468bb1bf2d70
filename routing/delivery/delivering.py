"""The delivery of one turn: to one process after the other, as long as the agent's retry policy allows."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import Broken, Undelivered
from plugins_app.client.target import Target
from routing.delivery.board import Board
from routing.delivery.inbox import Inbox
from routing.errors import NoProcess
from routing.limits import FIND_PROCESS_SECONDS, MAX_DELIVERIES, PACE_SECONDS, UNPACED_BYTES
from routing.record import Record
from routing.remote import is_remote

log = logging.getLogger(__name__)


class Taker(Protocol):
    """The run: it writes down what the agent does."""

    record: Record

    async def begin_work(self) -> None: ...
    async def begin_again(self) -> None: ...
    async def take(self, happenings: Sequence[Happening]) -> bool: ...


class Delivery:
    """`count`: how often the message went out, with those that another process made. `target`: where it went last."""

    def __init__(self, board: Board, taker: Taker, turn: Turn, *, live: bool) -> None:
        self._board = board
        self._taker = taker
        route = board.routes.get(turn.agent)
        self._turn = turn if route and route.may_ask else replace(turn, token="", agentx_url="")
        self._live = live
        self.target: Target | None = None
        self.count = taker.record.deliveries

    def remember(self, memory: bytes) -> None:
        """What the agent is told that it remembers: the same at every delivery of this turn."""
        self._turn = replace(self._turn, memory=memory)

    async def go(self) -> None:
        """Until the turn is over. Raises `NoProcess`, and what the last attempt raised."""
        until = time.monotonic() + FIND_PROCESS_SECONDS
        why = told = "none is running"
        while True:
            target = self.target = await self._find(until, why)
            try:
                with self._board.balance.carry(target):
                    return await self._attempt(target)
            except Undelivered as undelivered:
                if is_remote(target):  # there is no other one
                    raise
                why = str(undelivered)
            except Broken as broken:
                if is_remote(target) or not self._may_deliver_again():
                    raise
                self.count += 1
                why, until = str(broken), time.monotonic() + FIND_PROCESS_SECONDS
                await self._taker.begin_again()
            if why != told:
                log.info("task %s goes to another process: %s", self._turn.task_id, why)
                told = why
            self._board.routes.avoid(target)

    async def _find(self, until: float, why: str) -> Target:
        """The process with the fewest messages in flight, as soon as there is one."""
        board = self._board
        while not (targets := board.routes.usable(self._turn.agent)):
            left = until - time.monotonic()
            if left <= 0:
                raise NoProcess(f"No process of the agent could take the message: {why}.")
            # Not wait_for: woken and cancelled at once, Python 3.11's forgets that it was cancelled.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await board.routes.change()
        return board.balance.choose(targets)

    def _may_deliver_again(self) -> bool:
        route = self._board.routes.get(self._turn.agent)
        is_left = self.count < MAX_DELIVERIES and not self._taker.record.is_interrupted
        return is_left and route is not None and route.redelivers

    async def _attempt(self, target: Target) -> None:
        await self._taker.begin_work()
        began = time.monotonic()
        try:
            if self._live or is_remote(target):
                await self._attempt_live(target)
            else:
                await self._taker.take(await self._board.messages.process(target, self._turn))
        finally:
            self._board.paces.note(self._turn.agent, time.monotonic() - began)

    async def _attempt_live(self, target: Target) -> None:
        inbox = Inbox(self._board.carrier(target).stream(target, self._turn))
        try:
            while (happenings := await inbox.take()) is not None:
                if happenings and await self._taker.take(happenings):
                    return
                if (more := inbox.said - UNPACED_BYTES) > 0:
                    await asyncio.sleep(more / UNPACED_BYTES * PACE_SECONDS)
        finally:
            await inbox.close()

    def give_up(self) -> None:
        """The task has ended without the agent: one that lives elsewhere does not notice by itself."""
        upstream = self._taker.record.upstream
        if self.target is not None and upstream and is_remote(self.target):
            self._board.give_up(self.target, upstream, self._turn.request_id)
