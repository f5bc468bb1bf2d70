"""Real plugin processes without a supervisor: started once, used by many tests, ended with the session."""

import asyncio
from pathlib import Path
from typing import Any

from agentx_sdk.testing import Process
from uuid_utils.compat import uuid7

from plugins_app.client.channels import Channels, token_of
from plugins_app.client.lifecycle import AgentSpec, Lifecycle
from plugins_app.client.target import Target
from plugins_app.models import Plugin, PluginInstance
from tests.factories import make_agent, make_instance, make_plugin

ROOT = Path(__file__).resolve().parent.parent
DAY = 86_400


class Echo:
    """One process of plugins/echo that hosts `echo` and, with a pause before each answer, `slow`."""

    agents: dict[str, dict[str, Any]] = {"echo": {}, "slow": {"sleep": 0.3}}

    def __init__(self) -> None:
        launch_id = str(uuid7())
        token = token_of(launch_id)
        # Nobody renews its lease here.
        self._process = Process(
            ROOT / "plugins" / "echo", launch_id=launch_id, token=token, lease_seconds=DAY
        )
        asyncio.run(self._start(launch_id))

    async def _start(self, launch_id: str) -> None:
        await self._process.__aenter__()
        self.target = Target(str(uuid7()), self._process.address, launch_id)
        channels = Channels()
        lifecycle = Lifecycle(channels)
        await lifecycle.initialize(self.target, "echo", {}, 1)
        for slug, config in self.agents.items():
            await lifecycle.create_agent(self.target, AgentSpec(slug, slug, slug, config))
        await channels.close()

    async def until_in_flight(self, count: int) -> None:
        """Wait until the process says that it has so many messages."""
        channels = Channels()
        async with asyncio.timeout(10):
            while await self._in_flight(channels) != count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await channels.close()

    async def _in_flight(self, channels: Channels) -> int:
        health = await Lifecycle(channels).health(self.target, lease_seconds=DAY, timeout=5)
        return health.in_flight

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.signal(9)

    def close(self) -> None:
        asyncio.run(self._process.__aexit__(None, None, None))


def make_rows(*echoes: Echo, retry: str = "always", is_open: bool = False) -> Plugin:
    """The plugin, its agents, and a running instance for each process."""
    agents = [make_agent(slug, retry=retry, is_open=is_open) for slug in Echo.agents]
    plugin = make_plugin(agents=tuple(agents), state=Plugin.State.RUNNING)
    for ordinal, echo in enumerate(echoes):
        add_row(plugin, echo, ordinal)
    return plugin


def add_row(plugin: Plugin, echo: Echo, ordinal: int = 0) -> PluginInstance:
    return make_instance(
        plugin,
        ordinal,
        id=echo.target.instance_id,
        pid=echo.pid,
        address=echo.target.address,
        launch_id=echo.target.launch_id,
    )
