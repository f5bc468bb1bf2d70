"""The supervisor of one node."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import UUID

from plugins_app.errors import LaunchFailed
from plugins_app.process import places
from plugins_app.services import place_instances
from plugins_app.supervisor.hands import Hands
from plugins_app.supervisor.ledger import Ledger
from plugins_app.supervisor.logs import Tails
from plugins_app.supervisor.preparations import Preparations
from plugins_app.supervisor.rounds import Rounds, node_figures
from plugins_app.supervisor.slot import Slot
from plugins_app.supervisor.wanted import Wanted, wanted_on
from registry.services import heartbeat_node, rest_node
from security.news import News

log = logging.getLogger(__name__)
TICK_SECONDS: Final = 2.0
LOCK_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 1.0
FAREWELL_SECONDS: Final = 2.0  # for the last rows; Postgres may be gone before us


class SupervisorError(Exception):
    """One of the activities that never end has ended."""


class Supervisor:
    """`run` until SIGTERM or SIGINT; then every process of the node is drained and ended."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.slots: dict[UUID, Slot] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._closed_at = 0
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self.ledger = Ledger()
        self.hands = Hands(self.ledger, self._wake.set)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, number)
        with contextlib.suppress(asyncio.CancelledError):
            async with sole_supervisor(self.node, self._stop):
                await self.serve()

    def _told_to_stop(self, number: signal.Signals) -> None:
        log.info("%s: ending every process of node %s", number.name, self.node)
        self._stop.set()

    async def serve(self) -> None:
        """The same without signal handlers and the lock."""
        log.info("supervising node %s", self.node)
        self.ledger.put(heartbeat_node, self.node, node_figures())
        self.ledger.put(place_instances)
        writer = asyncio.create_task(self.ledger.run(), name="ledger")
        heart = asyncio.create_task(self._beat(), name="heart")
        tasks = [asyncio.create_task(each, name=name) for name, each in self._activities()]
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        try:
            await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
            if not stop.done():
                # Not an orderly end: the processes stay, the next supervisor takes them back.
                raise SupervisorError(_what_broke(tasks))
            await _cancelled(*tasks)
            await self._put_down()
        finally:
            await _cancelled(stop, writer, heart, *tasks)
            self.ledger.close()

    async def _beat(self) -> None:
        """Our worker replaces a supervisor that hangs before the leases of its processes end."""
        while True:
            with contextlib.suppress(OSError):
                os.utime(places.lock_file(self.node))
            await asyncio.sleep(BEAT_SECONDS)

    def _activities(self) -> Iterator[tuple[str, Any]]:
        news = News()
        news.on(f"node.{self.node}", lambda topic, payload: self._wake.set())
        prepared = Preparations(self.node, self.ledger)
        prepared.listen(news)
        yield "news", news.run()
        yield "reconcile", self._reconcile()
        yield "sweep", _sweep()
        yield "rounds", Rounds(self.node, self.slots, self.hands).run()
        yield "logs", Tails(self.slots).run()
        yield "guards", self.hands.guards.run()
        yield "preparations", prepared.run()

    async def _reconcile(self) -> None:
        while True:
            self._wake.clear()
            rows, as_of = await self.ledger.ask(wanted_on, self.node)
            self._apply({row.instance_id: row for row in rows}, as_of)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._wake.wait()

    def _apply(self, rows: dict[UUID, Wanted], as_of: int) -> None:
        if as_of < self._closed_at:
            return  # read before a slot closed: it would be opened again
        for instance_id, slot in self.slots.items():
            slot.update(rows.get(instance_id), as_of)
        for row in sorted(rows.values(), key=lambda row: row.rank):
            if row.instance_id not in self.slots:
                self._open(row)

    def _open(self, row: Wanted) -> None:
        slot = self.slots[row.instance_id] = Slot(row, self.hands)
        task = asyncio.create_task(slot.run(), name=f"{row.plugin}/{row.ordinal}")
        self._tasks[row.instance_id] = task
        task.add_done_callback(lambda done: self._closed(row.instance_id, done))

    def _closed(self, instance_id: UUID, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(instance_id, None)
        if task.cancelled() and self._stop.is_set():
            return  # `put_down` follows
        slot = self.slots.pop(instance_id)
        self._closed_at = self.ledger.count
        if task.cancelled() or task.exception() is not None:
            error = None if task.cancelled() else task.exception()
            log.error("%s broke", task.get_name(), exc_info=error)
            for process in slot.alive:
                process.signal_group(signal.SIGKILL)
            return  # tried again at the next tick, and no sooner
        self._wake.set()

    async def _put_down(self) -> None:
        """No row is waited for until every process has ended."""
        await _cancelled(*self._tasks.values())
        await asyncio.gather(*(slot.put_down() for slot in self.slots.values()))
        await self.hands.channels.close()
        self.ledger.put(rest_node, self.node)
        if not await self.ledger.flush(FAREWELL_SECONDS):
            log.warning("the last changes could not be written")
        log.info("node %s is at rest", self.node)


async def _sweep() -> None:
    """Who ended while no supervisor was there has left its folder."""
    while True:
        try:
            await asyncio.to_thread(places.sweep)
        except (OSError, LaunchFailed) as error:
            log.warning("the folders of sockets cannot be looked through: %s", error)
        await asyncio.sleep(places.SWEEP_SECONDS)


def _what_broke(tasks: list["asyncio.Task[Any]"]) -> str:
    return "; ".join(
        f"{task.get_name()}: {'cancelled' if task.cancelled() else task.exception()!r}"
        for task in tasks
        if task.done()
    )


@contextlib.asynccontextmanager
async def sole_supervisor(node: str, stop: asyncio.Event) -> AsyncIterator[None]:
    """Wait for our turn: an earlier supervisor of this node on this machine may still be on its way out.

    A file's lock and no row's, because it must hold while Postgres is away. Cancels itself when told to stop.
    """
    descriptor = _lock_file(node)
    try:
        while not _try_lock(descriptor):
            if stop.is_set():
                raise asyncio.CancelledError
            await asyncio.sleep(LOCK_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _lock_file(node: str) -> int:
    path = places.lock_file(node)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _cancelled(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
