"""A plugin process and a gRPC client for it."""

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any

import grpc.aio

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk._wire.agentx_plugin_pb2_grpc import AgentXPluginServiceStub
from agentx_sdk.content import Content, Message
from agentx_sdk.server import OPTIONS, TOKEN_KEY
from agentx_sdk.testing.answer import Answer
from agentx_sdk.testing.process import Process

Agents = Mapping[str, dict[str, Any]]


class PluginProcess(Process):
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
        self.channel = grpc.aio.insecure_channel(self.address, options=OPTIONS)
        self.stub = AgentXPluginServiceStub(self.channel)
        self.credentials = ((TOKEN_KEY, self.token),)
        if self._renew:
            self._heart = asyncio.create_task(self._beat())
        try:
            await self._set_up()
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

    async def send(self, *content: Content, timeout: float = 30.0, **fields: Any) -> Answer:
        """Send one message and wait for the end of its turn. Fields as for `request`."""
        response = await self.call("ProcessMessage", self.request(*content, **fields), timeout)
        return Answer([response])

    async def stream(
        self, *content: Content, timeout: float = 30.0, **fields: Any
    ) -> AsyncIterator[pb.ProcessMessageResponse]:
        """Send one message; its responses as they come. Leaving the loop early cancels it."""
        requests = iter([self.request(*content, **fields)])
        call = self.stub.ProcessMessageStream(requests, metadata=self.credentials, timeout=timeout)
        try:
            async for response in call:
                yield response
        finally:
            call.cancel()

    async def stream_all(self, *content: Content, **fields: Any) -> Answer:
        """Like `send`, over the streaming call."""
        return Answer([response async for response in self.stream(*content, **fields)])

    def request(
        self,
        *content: Content,
        agent: str | None = None,
        metadata: dict[str, Any] | None = None,
        history: list[Message] | None = None,
        task_id: str = "",
        context_id: str = "",
        message_id: str = "",
        **fields: Any,
    ) -> pb.ProcessMessageRequest:
        """A message for an agent (the first one), as the core would send it."""
        task_id, context_id = task_id or _new_id(), context_id or _new_id()
        message = Message(*content, role="user", metadata=metadata)
        return pb.ProcessMessageRequest(
            agent_id=next(iter(self.agents)) if agent is None else agent,
            message=codec.encode_message(message, message_id or _new_id(), task_id, context_id),
            request_id=_new_id(),
            task_id=task_id,
            context_id=context_id,
            history=[
                codec.encode_message(each, _new_id(), task_id, context_id) for each in history or ()
            ],
            **fields,
        )

    async def call(self, method: str, request: Any = None, timeout: float = 10.0) -> Any:
        """Any unary call by its name; the empty request when none is given."""
        if request is None:
            request = getattr(pb, f"{method}Request")()
        call = getattr(self.stub, method)
        return await call(request, metadata=self.credentials, timeout=timeout)

    async def save_state(self, changed_since: int = 0) -> list[pb.StateEntry]:
        """What it keeps for the process that takes its place."""
        request = pb.SaveStateRequest(changed_since=changed_since)
        return [entry async for entry in self.stub.SaveState(request, metadata=self.credentials)]

    async def load_state(self, entries: Iterable[pb.StateEntry]) -> pb.LoadStateResponse:
        """Hand it what another process saved."""
        return await self.stub.LoadState(iter(entries), metadata=self.credentials)

    async def health(self, lease_seconds: int = 0) -> pb.HealthCheckResponse:
        """The plugin's own account of itself."""
        response = await self.call(
            "HealthCheck", pb.HealthCheckRequest(lease_seconds=lease_seconds)
        )
        assert isinstance(response, pb.HealthCheckResponse)
        return response

    async def shutdown(self, drain_seconds: int = 5) -> int:
        """Ask it to drain and end; the exit status."""
        await self.call("Shutdown", pb.ShutdownRequest(drain_seconds=drain_seconds))
        return await self.wait(drain_seconds + 10)

    async def _set_up(self) -> None:
        config = codec.object_json(self.config)
        request = pb.InitializeRequest(
            plugin_id=self.launch["plugin"], config_json=config, contract=int(self.handshake[1])
        )
        _check(await self.call("Initialize", request))
        for slug, agent_config in self.agents.items():
            agent = pb.CreateAgentRequest(id=slug, config_json=codec.object_json(agent_config))
            _check(await self.call("CreateAgent", agent))

    async def _beat(self) -> None:
        seconds = self.launch["lease_seconds"]
        while True:
            await self.health(max(1, round(seconds)))
            await asyncio.sleep(seconds / 5)


def manifest_agents(manifest: Mapping[str, Any]) -> Agents:
    """The agents that a plugin.yaml lists, with their configuration; without one, "agent"."""
    if not manifest:
        return {"agent": {}}
    return {agent["slug"]: agent.get("config") or {} for agent in manifest.get("agents") or []}


def _check(response: Any) -> None:
    if not response.success:
        raise AssertionError(f"{type(response).__name__}: {response.error}")


def _new_id() -> str:
    return str(uuid.uuid4())
