"""Which agents and which processes exist: a snapshot in memory, so that no message has to ask.

Read again on news, every POLL_SECONDS, and soon after a call found a process dead.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugins_app.client.target import Target
from plugins_app.selectors import live_targets
from registry.models import Agent
from registry.profile import Profile
from routing.errors import AgentPaused, AgentUnreachable
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
POLL_SECONDS: Final = 2.0
GAP_SECONDS: Final = 0.05  # between two readings, however much news there is
AVOID_SECONDS: Final = 1.0


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

    @property
    def redelivers(self) -> bool:
        """Whether a message may be delivered again although the agent may have seen it."""
        return self.retry == Agent.Retry.ALWAYS

    def require_usable(self) -> None:
        """Refuse at once what waiting would not mend. Raises `AgentPaused` or `AgentUnreachable`."""
        if self.state == Agent.State.MAINTENANCE or self.plugin_state == "paused":
            raise AgentPaused(f"The agent {self.slug} is paused.")
        if self.targets:
            return
        if self.source == Agent.Source.REMOTE:
            raise AgentUnreachable(
                f"The agent {self.slug} is registered by its URL; AgentX cannot reach it yet."
            )
        if self.state == Agent.State.SHUTDOWN or self.plugin_state == "unloaded":
            raise AgentUnreachable(f"The agent {self.slug} is stopped.")
        if self.plugin_state == "error":
            raise AgentUnreachable(f"The agent {self.slug} has failed: {self.plugin_reason}")


class Routes:
    """Use from one event loop. `get` never waits."""

    def __init__(self) -> None:
        self._routes: Mapping[str, Route] = {}
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
        self._routes = await ask(_read)
        alive = {each.launch_id for route in self._routes.values() for each in route.targets}
        self._avoid = {key: until for key, until in self._avoid.items() if key in alive}
        self._changed.set()
        self._changed = asyncio.Event()

    def launches(self) -> set[str]:
        return {each.launch_id for route in self._routes.values() for each in route.targets}

    async def run(self) -> None:
        """Keep the snapshot fresh until cancelled. Without the database, the last one stays."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
            self._wake.clear()
            try:
                await self.refresh()
            except Unavailable as error:
                log.warning("routes not read: %s", error.message)
            await asyncio.sleep(GAP_SECONDS)


def _read() -> dict[str, Route]:
    targets = _targets()
    fields = ("id", "slug", "state", "source", "retry", "is_open", "profile", "direct_messages")
    hosted = ("hosted_by__plugin__state", "hosted_by__plugin__reason")
    rows = Agent.objects.filter(retired__isnull=True).values_list(*fields, *hosted)
    return {
        slug: Route(
            str(agent_id),
            slug,
            state,
            source,
            retry,
            is_open,
            plugin_state or "",
            plugin_reason or "",
            tuple(targets.get(slug, ())),
            Profile.from_json(profile),
            direct,
        )
        for agent_id, slug, state, source, retry, is_open, profile, direct, plugin_state, plugin_reason in rows
    }


def _targets() -> dict[str, list[Target]]:
    """The running processes by agent; the degraded ones only where none runs."""
    running: dict[str, list[Target]] = {}
    degraded: dict[str, list[Target]] = {}
    for live in live_targets():
        pool = running if live.state == "running" else degraded
        for slug in live.agents:
            pool.setdefault(slug, []).append(live.target)
    return degraded | running
