"""Which agents and which processes exist: a snapshot in memory, so that no message has to ask.

Read again on news, every POLL_SECONDS, and soon after a call found a process dead: only what was written since the
reading before, for there may be ten thousand agents.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from plugins_app.client.target import Target
from plugins_app.selectors import live_targets
from registry.models import Agent
from registry.models.agents import Trust
from registry.profile import Profile
from routing import remote
from routing.errors import AgentPaused, AgentUnreachable
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
POLL_SECONDS: Final = 2.0
GAP_SECONDS: Final = 0.05  # between two readings, however much news there is
AVOID_SECONDS: Final = 1.0
FULL_SECONDS: Final = (
    60.0  # everything is read again so often, whatever the database says was written
)


@dataclass(frozen=True, slots=True)
class Route:
    """An agent, how it may be used, and the processes that answer for it."""

    agent_id: str
    slug: str
    state: str
    source: str
    retry: str
    is_open: bool
    plugin_state: str
    plugin_reason: str
    targets: tuple[Target, ...]
    profile: Profile = Profile()  # noqa: RUF009 - frozen
    # The agent's first words decide whether its caller gets a task or a message.
    direct_messages: bool = False
    # It gets one turn of a conversation at a time, with what it remembered at the end of the last one.
    keeps_memory: bool = False
    plugin: str = ""  # the slug of the plugin that hosts it
    trust: str = ""  # in that plugin
    # Of what it says of itself, and when that or its openness changed: another one is another card.
    card_digest: str = ""
    card_changed: datetime | None = None
    # Of an agent that lives elsewhere: why it cannot be reached.
    trouble: str = ""
    # Of one that a plugin hosts and could not make: what the plugin said.
    reason: str = ""

    @property
    def may_ask(self) -> bool:
        """Whether it is lent its callers' names for calls of other agents: not what nobody has looked at."""
        return self.trust != Trust.PUBLIC

    @property
    def redelivers(self) -> bool:
        """Whether a message may be delivered again although the agent may have seen it."""
        return self.retry == Agent.Retry.ALWAYS

    def require_usable(self) -> None:
        """Refuse at once what waiting would not mend. Raises `AgentPaused` or `AgentUnreachable`."""
        if self.state == Agent.State.MAINTENANCE or self.plugin_state == "paused":
            raise AgentPaused(f"The agent {self.slug} is paused.")
        if self.source == Agent.Source.REMOTE and self.state == Agent.State.ERROR:
            raise AgentUnreachable(f"The agent {self.slug} cannot be reached: {self.trouble}")
        if self.targets:
            return
        if self.source == Agent.Source.REMOTE:
            raise AgentUnreachable(f"AgentX has no address of the agent {self.slug}.")
        if self.state == Agent.State.ERROR and self.reason:
            raise AgentUnreachable(f"The agent {self.slug} has failed: {self.reason}")
        if self.state == Agent.State.SHUTDOWN or self.plugin_state == "unloaded":
            raise AgentUnreachable(f"The agent {self.slug} is stopped.")
        if self.plugin_state == "error":
            raise AgentUnreachable(f"The agent {self.slug} has failed: {self.plugin_reason}")


class Routes:
    """Use from one event loop. `get` never waits."""

    def __init__(self) -> None:
        self._routes: Mapping[str, Route] = {}
        self._roster = Roster()
        self.version = 0  # another one when anything is different
        self._avoid: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()

    def get(self, slug: str) -> Route | None:
        return self._routes.get(slug)

    def all(self) -> list[Route]:
        return list(self._routes.values())

    def usable(self, slug: str) -> list[Target]:
        """The processes that may take a message now."""
        route = self._routes.get(slug)
        if route is None or not self._avoid:
            return list(route.targets) if route else []
        moment = time.monotonic()
        return [each for each in route.targets if self._avoid.get(each.launch_id, 0.0) <= moment]

    def avoid(self, target: Target) -> None:
        """A call found this process dead or unwilling: pass it by for a while, and look again."""
        self._avoid[target.launch_id] = time.monotonic() + AVOID_SECONDS
        self.wake()

    def wake(self) -> None:
        """Something has changed: read again now."""
        self._wake.set()

    async def change(self) -> None:
        """Wait until the routes were read again, which somebody waiting makes soon."""
        self._wake.set()
        await self._changed.wait()

    async def refresh(self) -> None:
        """Read now. Raises `Unavailable`."""
        found = await ask(self._roster.read)
        self.version += found != self._routes
        self._routes = found
        alive = {each.launch_id for route in self._routes.values() for each in route.targets}
        self._avoid = {key: until for key, until in self._avoid.items() if key in alive}
        self._changed.set()
        self._changed = asyncio.Event()

    def launches(self) -> set[str]:
        return {each.launch_id for route in self._routes.values() for each in route.targets}

    async def run(self) -> None:
        """Keep the snapshot fresh until cancelled. Without the database, the last one stays."""
        while True:
            # Not wait_for: woken and cancelled at once, Python 3.11's forgets that it was cancelled.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.refresh()
            except Unavailable as error:
                log.warning("routes not read: %s", error.message)
            await asyncio.sleep(GAP_SECONDS)


class Roster:
    """The rows behind the routes, kept between readings."""

    FIELDS: tuple[str, ...] = ("id", "retired", "slug", "state", "source", "retry", "is_open")
    FIELDS += (
        "reason",
        "profile",
        "direct_messages",
        "keeps_memory",
        "card_digest",
        "card_changed",
    )
    # Whoever writes these touches the agent's row: its age decides what is read again.
    FIELDS += ("upstream", "upstream__revision", "upstream__detail")

    def __init__(self) -> None:
        self._agents: dict[UUID, Route] = {}
        self._horizon: int | None = None
        self._full_read = 0.0
        self._lock = threading.Lock()

    def read(self) -> dict[str, Route]:
        """Every agent's route by its slug."""
        with self._lock:
            self._update()
            routes = {route.slug: route for route in self._agents.values()}
        targets = _targets()
        fields: tuple[str, ...] = (
            "slug",
            "hosted_by__plugin__slug",
            "hosted_by__plugin__trust",
        )
        fields += ("hosted_by__plugin__state", "hosted_by__plugin__reason")
        for slug, plugin, trust, state, reason in Agent.objects.exclude(hosted_by=None).values_list(
            *fields
        ):
            if route := routes.get(slug):
                routes[slug] = replace(
                    route,
                    targets=tuple(targets.get(slug, ())),
                    plugin=plugin or "",
                    trust=trust or "",
                    plugin_state=state or "",
                    plugin_reason=reason or "",
                )
        return routes

    def _update(self) -> None:
        horizon, count = _horizon()
        is_due = time.monotonic() - self._full_read > FULL_SECONDS
        if self._horizon is None or is_due or not self._take(self._horizon, count):
            self._agents = {}
            self._take(None, count)
            self._full_read = time.monotonic()
        self._horizon = horizon

    def _take(self, since: int | None, count: int) -> bool:
        """Take in the rows written since; say whether all that exist are known then."""
        rows = Agent.objects.values(*self.FIELDS)
        if since is None:
            rows = rows.filter(retired__isnull=True)
        else:
            written = 'age("registry_agent".xmin) <= age(CAST(%s AS xid))'
            rows = rows.extra(where=[written], params=[str(since % 2**32)])  # noqa: S610 - a constant
        for row in rows:
            self._note(row)
        return len(self._agents) == count

    def _note(self, row: dict[str, Any]) -> None:
        if row["retired"]:
            self._agents.pop(row["id"], None)
        else:
            self._agents[row["id"]] = _route(row)


def _horizon() -> tuple[int, int]:
    """The oldest transaction that is still under way, and how many agents there are.

    Whatever is read after this holds all that older ones wrote; younger ones are asked for next time. Unlike a time in
    a column, this misses no row that was committed late or written past Django.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            " (SELECT count(*) FROM registry_agent WHERE retired IS NULL)"
        )
        horizon, count = cursor.fetchone()
        return int(horizon), int(count)


def _route(row: dict[str, Any]) -> Route:
    """Of the FIELDS of an agent; the processes of one that a plugin hosts are put in by `read`."""
    upstream = row["upstream"]
    return Route(
        agent_id=str(row["id"]),
        slug=row["slug"],
        state=row["state"],
        reason=row["reason"],
        source=row["source"],
        retry=row["retry"],
        is_open=row["is_open"],
        plugin_state="",
        plugin_reason="",
        targets=(remote.target_of(str(upstream), row["upstream__revision"] or 0),)
        if upstream
        else (),
        profile=Profile.from_json(row["profile"]),
        direct_messages=row["direct_messages"],
        keeps_memory=row["keeps_memory"],
        card_digest=row["card_digest"],
        card_changed=row["card_changed"],
        trouble=row["upstream__detail"] or "",
    )


def _targets() -> dict[str, list[Target]]:
    """The running processes by agent; the degraded ones only where none runs."""
    running: dict[str, list[Target]] = {}
    degraded: dict[str, list[Target]] = {}
    for live in live_targets():
        pool = running if live.state == "running" else degraded
        for slug in live.agents:
            pool.setdefault(slug, []).append(live.target)
    return degraded | running
