"""A plugin process and a gRPC client for it."""

import asyncio
import contextlib
import os
from types import TracebackType
from typing import Any

import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.testing.client import Agents, Client, manifest_agents
from agentx_sdk.testing.process import Process


class PluginProcess(Client, Process):
    """A process that is initialized and hosts `agents`: a slug and a configuration for each.

    Without `agents` and `config`, those of its plugin.yaml, else one named "agent". Its lease is
    renewed until the end unless `renew=False`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        agents: Agents | None = None,
        config: dict[str, Any] | None = None,
        renew: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(folder, **options)
        self.agents = manifest_agents(self.manifest) if agents is None else agents
        self.config = dict(self.manifest.get("config") or {}) if config is None else config
        self._renew = renew
        self._heart: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "PluginProcess":
        await super().__aenter__()
        self.connect(self.address, self.token)
        if self._renew:
            self._heart = asyncio.create_task(self._beat())
        try:
            await self.set_up(self.launch["plugin"], int(self.handshake[1]))
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
        if self._heart is not None:
            self._heart.cancel()
            with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
                await self._heart
        await self.channel.close()
        await super().__aexit__(kind, error, trace)

    async def shutdown(self, drain_seconds: int = 5) -> int:
        """Ask it to drain and end; the exit status."""
        await self.call("Shutdown", pb.ShutdownRequest(drain_seconds=drain_seconds))
        return await self.wait(drain_seconds + 10)

    async def _beat(self) -> None:
        seconds = self.launch["lease_seconds"]
        while True:
            await self.health(max(1, round(seconds)))
            await asyncio.sleep(seconds / 5)
