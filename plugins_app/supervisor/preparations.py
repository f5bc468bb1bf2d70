"""Prepares what its node is to run, beside everything else the supervisor does."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

import redis
from django.conf import settings

from plugins_app import preparing
from plugins_app.errors import LaunchFailed, PreparationFailed
from plugins_app.process import remains
from plugins_app.selectors import LOG_KEY
from plugins_app.services import preparations
from plugins_app.services.forgetting import FORGOTTEN
from plugins_app.services.preparations import LEASE_SECONDS, Claim
from plugins_app.supervisor.ledger import Ledger
from security.news import News

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 2.0
AT_ONCE: Final = 2
TELL_SECONDS: Final = 0.5
COLLECT_SECONDS: Final = 60.0


@dataclass
class Told:
    """The newest word on a preparation, written when its time has come."""

    state: str = ""
    percent: int = 0
    lines: list[str] = field(default_factory=list)
    is_news: bool = False

    def say(self, state: str, percent: int, lines: list[str]) -> None:
        self.state, self.percent, self.lines, self.is_news = state, percent, lines, True


class Preparations:
    """Two at a time: a heavy one must not hold up a light one."""

    def __init__(self, node: str, ledger: Ledger) -> None:
        self._node = node
        self._ledger = ledger
        self._wake = asyncio.Event()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._collected: float | None = None

    def listen(self, news: News) -> None:
        """Look at once when something is to be done here, or something was forgotten."""
        news.on(f"node.{self._node}", lambda topic, payload: self._wake.set())
        news.on(FORGOTTEN, lambda topic, payload: self._tidy_soon())

    def _tidy_soon(self) -> None:
        self._collected = None
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; then what is at work is ended and waits for the next supervisor."""
        await self._ledger.ask(preparations.let_go, self._node)
        await asyncio.to_thread(preparing.sweep)
        try:
            while True:
                self._wake.clear()
                try:
                    await self.look()
                except Exception as error:
                    log.error("preparing broke, trying again", exc_info=error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def look(self) -> None:
        """Take what waits, as far as hands are free; tidy up when nothing is at work."""
        await self._ledger.ask(preparations.catch_up, self._node)
        while len(self._tasks) < AT_ONCE and (found := await self._next()):
            task = asyncio.create_task(self._prepare(found), name=f"prepare {found.plugin}")
            self._tasks[found.id] = task
            task.add_done_callback(partial(self._over, found.id))
        now = asyncio.get_running_loop().time()
        if not self._tasks and (self._collected is None or now - self._collected > COLLECT_SECONDS):
            self._collected = now
            await self.collect()

    async def collect(self) -> None:
        """Remove the folders that nothing refers to, and what uninstalled plugins left. Not while another prepares."""
        with preparing.alone() as nobody_prepares:
            if nobody_prepares:
                await self._collect()

    async def _collect(self) -> None:
        known, _ = await self._ledger.ask(preparations.referred_to)
        try:
            found = await asyncio.to_thread(preparing.collect, known.releases, known.environments)
            waiting = await asyncio.to_thread(_forget_plugins, known.plugins)
        except (OSError, LaunchFailed, redis.RedisError) as error:
            log.warning("what nothing refers to could not be removed: %s", error)
            return
        if found.waiting or waiting:
            self._collected = None  # its process is on its way out: look again soon

    async def _next(self) -> Claim | None:
        def claim() -> Claim | None:
            return preparations.claim(self._node, but_not=tuple(self._tasks))

        found, _ = await self._ledger.ask(claim)
        return found

    def _over(self, key: UUID, _done: "asyncio.Task[None]") -> None:
        self._tasks.pop(key, None)
        self._wake.set()

    async def _prepare(self, claim: Claim) -> None:
        """One of them. Its end, whatever it is, is written down."""
        told = Told()
        keeper = asyncio.create_task(self._keep(claim, told, asyncio.current_task()))
        try:
            content, _ = await self._ledger.ask(preparations.content_of, claim.package_id)
            async with preparing.reserved():
                done = await preparing.prepare(
                    content, _order(claim), self._agreed(claim), told.say
                )
                # Waited for: nothing may be collected before a row refers to it.
                made = (str(done.path), done.environment)
                await self._ledger.ask(preparations.ready, claim.id, claim.attempt, *made)
        except PreparationFailed as error:
            log.warning("%s %s: %s", claim.plugin, claim.version, error.reason)
            self._fail(claim, error.reason, error.lines, refused=error.is_refusal)
        except asyncio.CancelledError:
            self._ledger.put(preparations.give_back, claim.id, claim.attempt)
            raise
        except Exception as error:
            log.error("%s %s broke", claim.plugin, claim.version, exc_info=error)
            self._fail(claim, f"It could not be prepared: {error!r}", told.lines)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    def _fail(self, claim: Claim, reason: str, lines: list[str], *, refused: bool = False) -> None:
        self._ledger.put(preparations.failed, claim.id, claim.attempt, reason, lines, refused)

    def _agreed(self, claim: Claim) -> "Callable[[str], asyncio.Future[str]]":
        async def agree(lock: str) -> str:
            held, _ = await self._ledger.ask(preparations.agree_lock, claim.release_id, lock)
            return held

        return lambda lock: asyncio.ensure_future(agree(lock))

    async def _keep(self, claim: Claim, told: Told, work: "asyncio.Task[None] | None") -> None:
        """Tell how far it is and renew the lease; break off what was taken from us."""
        renewed = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(TELL_SECONDS)
            if told.is_news:
                told.is_news = False
                now = (claim.id, claim.attempt, told.state, told.percent, told.lines)
                self._ledger.put(preparations.progress, *now)
            if asyncio.get_running_loop().time() - renewed > LEASE_SECONDS / 3:
                renewed = asyncio.get_running_loop().time()
                ours, _ = await self._ledger.ask(preparations.renew, claim.id, claim.attempt)
                if not ours and work is not None:
                    work.cancel()


def _order(claim: Claim) -> preparing.Order:
    return preparing.Order(claim.release_id, claim.manifest, claim.digest, claim.trust, claim.lock)


def _forget_plugins(known: list[str]) -> set[str]:
    gone, waiting = remains.remove_unknown(known)
    if gone:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            client.delete(*(LOG_KEY.format(slug=slug) for slug in gone))
    return waiting
