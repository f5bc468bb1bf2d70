"""An adapter served in the test's own process, over real gRPC: for a debugger, and to look inside."""

import shutil
import uuid
from types import TracebackType
from typing import Any

from agentx_sdk import sockets
from agentx_sdk.adapter import Adapter
from agentx_sdk.handshake import Launch
from agentx_sdk.server import PluginServer
from agentx_sdk.testing.client import Agents, Client
from agentx_sdk.version import CONTRACTS


class InProcess(Client):
    """Serves `adapter` while it is entered. Use as `async with`.

    Initialized with `config`, it hosts `agents`: a slug and a configuration for each.
    """

    def __init__(
        self,
        adapter: Adapter,
        *,
        agents: Agents | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.adapter = adapter
        self.agents = agents or {"agent": {}}
        self.config = config or {}

    async def __aenter__(self) -> "InProcess":
        self._folder = sockets.folder("agentx-")
        token, contract = uuid.uuid4().hex, max(CONTRACTS)
        launch = Launch(
            launch_id=str(uuid.uuid4()),
            token=token,
            socket_dir=self._folder,
            contracts=CONTRACTS,
            lease_seconds=0,  # nobody watches it here
            plugin=self.adapter.name or "plugin",
        )
        self._server = PluginServer(self.adapter, launch, contract)
        await self._server.start(lambda seconds: None)
        self.connect(f"unix:{self._server.address}", token)
        try:
            await self.set_up(launch.plugin, contract)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.channel.close()
        self._server.drain(0, "the test is over")
        await self._server.ended()
        shutil.rmtree(self._folder, ignore_errors=True)
