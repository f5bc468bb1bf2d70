"""A gRPC client for a plugin, with what tests say to it."""

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import grpc.aio

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk._wire.agentx_plugin_pb2_grpc import AgentXPluginServiceStub
from agentx_sdk.content import Content, Message
from agentx_sdk.server import OPTIONS, TOKEN_KEY
from agentx_sdk.testing.answer import Answer

Agents = Mapping[str, dict[str, Any]]


class Client:
    """Connected by `connect`. `agents`: a slug and a configuration for each."""

    agents: Agents
    config: dict[str, Any]

    def connect(self, address: str, token: str) -> None:
        """Open the channel."""
        self.channel = grpc.aio.insecure_channel(address, options=OPTIONS)
        self.stub = AgentXPluginServiceStub(self.channel)
        self.credentials = ((TOKEN_KEY, token),)
        # By agent and conversation, as the core keeps it. The core lets turns of one come one at a time.
        self.memories: dict[tuple[str, str], bytes] = {}

    async def send(self, *content: Content, timeout: float = 30.0, **fields: Any) -> Answer:
        """Send one message and wait for the end of its turn. Fields as for `request`."""
        request = self.request(*content, **fields)
        response = await self.call("ProcessMessage", request, timeout)
        self._keep(request, response)
        return Answer([response])

    async def stream(
        self, *content: Content, timeout: float = 30.0, **fields: Any
    ) -> AsyncIterator[pb.ProcessMessageResponse]:
        """Send one message; its responses as they come. Leaving the loop early cancels it."""
        request = self.request(*content, **fields)
        requests = iter([request])
        call = self.stub.ProcessMessageStream(requests, metadata=self.credentials, timeout=timeout)
        try:
            async for response in call:
                self._keep(request, response)
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
        agent = next(iter(self.agents)) if agent is None else agent
        fields = {"memory": self.memories.get((agent, context_id), b""), **fields}
        return pb.ProcessMessageRequest(
            agent_id=agent,
            message=codec.encode_message(message, message_id or _new_id(), task_id, context_id),
            request_id=_new_id(),
            task_id=task_id,
            context_id=context_id,
            history=[
                codec.encode_message(each, _new_id(), task_id, context_id) for each in history or ()
            ],
            **fields,
        )

    def _keep(self, request: pb.ProcessMessageRequest, response: pb.ProcessMessageResponse) -> None:
        if response.HasField("memory"):
            self.memories[request.agent_id, request.context_id] = response.memory

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

    async def set_up(self, plugin: str, contract: int) -> None:
        """Initialize it, and create its agents. Raises AssertionError when it refuses."""
        config = codec.object_json(self.config)
        request = pb.InitializeRequest(plugin_id=plugin, config_json=config, contract=contract)
        _check(await self.call("Initialize", request))
        for slug, agent_config in self.agents.items():
            agent = pb.CreateAgentRequest(id=slug, config_json=codec.object_json(agent_config))
            _check(await self.call("CreateAgent", agent))


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
