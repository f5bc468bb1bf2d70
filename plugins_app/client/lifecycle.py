"""The calls about a plugin process itself: who it is, how it is, and its end."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import grpc
import grpc.aio
import orjson

from plugins_app.client.channels import Channels, metadata_of
from plugins_app.client.errors import Undelivered, is_cut_off
from plugins_app.client.shapes import About, AgentDescription, AgentSpec, Health
from plugins_app.client.target import Target
from plugins_app.configuration.secrets import hidden_texts, scrubbed
from plugins_app.errors import AgentRefused, CallFailed, ConfigRefused, NotSpoken, Unanswered
from proto import agentx_plugin_pb2 as pb
from proto.agentx_plugin_pb2_grpc import AgentXPluginServiceStub

log = logging.getLogger(__name__)
CALL_SECONDS: Final = 10.0
AWAY: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED)
Answer = TypeVar("Answer")


class Lifecycle:
    """Every call raises `CallFailed` with a sentence when the process is away, too slow or refuses."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def initialize(
        self,
        target: Target,
        plugin: str,
        config: dict[str, Any],
        contract: int,
        timeout: float = CALL_SECONDS,
    ) -> None:
        """Hand over the configuration. Must be the first call. Raises `ConfigRefused` too."""
        request = pb.InitializeRequest(
            plugin_id=plugin, config_json=json.dumps(config), contract=contract
        )
        call = (await self._stub(target)).Initialize(
            request, timeout=timeout, metadata=metadata_of(target)
        )
        _require_taken(await _answer(call, "Initialize"), config)

    async def about(self, target: Target, timeout: float = CALL_SECONDS) -> About:
        """What it says of itself."""
        call = (await self._stub(target)).GetInfo(
            pb.GetInfoRequest(), timeout=timeout, metadata=metadata_of(target)
        )
        answer = await _answer(call, "GetInfo")
        return About(
            version=answer.version,
            sdk=answer.sdk,
            live_config=answer.live_config,
            stateful=answer.stateful,
        )

    async def create_agent(self, target: Target, agent: AgentSpec) -> None:
        """Make it, or make it anew with what it is told now. Raises `AgentRefused` where only this agent is to blame."""
        request = pb.CreateAgentRequest(
            id=agent.slug,
            name=agent.name,
            description=agent.description,
            config_json=json.dumps(agent.config),
        )
        call = (await self._stub(target)).CreateAgent(
            request, timeout=CALL_SECONDS, metadata=metadata_of(target)
        )
        try:
            answer = await _answer(call, "CreateAgent")
        except Unanswered as error:
            raise AgentRefused(str(error)) from None
        if not answer.success:
            raise AgentRefused(answer.error or "did not say why")
        if answer.agent.id not in ("", agent.slug):
            raise AgentRefused(f"made the agent {answer.agent.id} in place of {agent.slug}")

    async def delete_agent(self, target: Target, slug: str) -> None:
        """Let an agent go. One that is not there is no mistake."""
        call = (await self._stub(target)).DeleteAgent(
            pb.DeleteAgentRequest(agent_id=slug), timeout=CALL_SECONDS, metadata=metadata_of(target)
        )
        try:
            answer = await _answer(call, "DeleteAgent")
        except (NotSpoken, Unanswered):
            return  # nobody is led to it any more, which is what counts
        if not answer.success:
            log.info("%s does not let the agent %s go: %s", target.address, slug, answer.error)

    async def describe(self, target: Target) -> list[AgentDescription]:
        """The agents it hosts, in its own words."""
        call = (await self._stub(target)).ListAgents(
            pb.ListAgentsRequest(), timeout=CALL_SECONDS, metadata=metadata_of(target)
        )
        answer = await _answer(call, "ListAgents")
        return [_description(agent) for agent in answer.agents]

    async def health(self, target: Target, *, lease_seconds: int, timeout: float) -> Health:
        """Ask how it is; whoever asks renews its lease."""
        call = (await self._stub(target)).HealthCheck(
            pb.HealthCheckRequest(lease_seconds=lease_seconds),
            timeout=timeout,
            metadata=metadata_of(target),
        )
        answer = await _answer(call, "HealthCheck")
        return Health(
            serving=answer.status == pb.HealthCheckResponse.SERVING,
            detail=answer.detail,
            in_flight=answer.in_flight,
            in_flight_average=answer.in_flight_average,
            messages_total=answer.messages_total,
            errors_total=answer.errors_total,
        )

    async def shutdown(self, target: Target, *, drain_seconds: float, reason: str) -> int:
        """Ask it to end once its messages are done. Answers how many are in flight."""
        call = (await self._stub(target)).Shutdown(
            pb.ShutdownRequest(drain_seconds=round(drain_seconds), reason=reason),
            timeout=2.0,
            metadata=metadata_of(target),
        )
        answer = await _answer(call, "Shutdown")
        return answer.in_flight

    async def update_config(self, target: Target, config: dict[str, Any]) -> bool:
        """Hand over a new configuration. True: it needs a restart for it. Raises `ConfigRefused` too."""
        call = (await self._stub(target)).UpdateConfig(
            pb.UpdateConfigRequest(config_json=json.dumps(config)),
            timeout=CALL_SECONDS,
            metadata=metadata_of(target),
        )
        try:
            answer = await _answer(call, "UpdateConfig")
        except NotSpoken:
            return True
        _require_taken(answer, config)
        return answer.restart_needed

    async def _stub(self, target: Target) -> AgentXPluginServiceStub:
        try:
            return AgentXPluginServiceStub(await self._channels.channel(target))
        except Undelivered as error:
            raise CallFailed(f"cannot be called: {error}") from None


def _require_taken(
    answer: pb.InitializeResponse | pb.UpdateConfigResponse, config: dict[str, Any]
) -> None:
    if not answer.success:
        fields = [f"{each.field}: {each.message}" for each in answer.field_errors]
        # It may quote what it refuses, and this becomes a reason that many may read.
        told = scrubbed("; ".join(fields or [answer.error]), hidden_texts(config))
        raise ConfigRefused(f"refused its configuration: {told}")


async def _answer(call: Awaitable[Answer], name: str) -> Answer:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            raise Unanswered(f"did not answer {name} in time") from None
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            raise NotSpoken(f"has no {name}") from None
        told = f"{name} failed: {error.code().name} {error.details()}"
        raise (CallFailed if error.code() in AWAY else Unanswered)(told) from None
    except asyncio.CancelledError:
        if is_cut_off():
            raise CallFailed(f"{name} was cut off") from None
        raise


def _description(agent: pb.AgentInfo) -> AgentDescription:
    try:
        card = orjson.loads(agent.card_json or "{}")  # nested without end is an error of it, too
    except ValueError:
        raise CallFailed(f"the card of {agent.id} is not JSON") from None
    return AgentDescription(
        slug=agent.id,
        name=agent.name,
        description=agent.description,
        version=agent.version,
        framework=agent.framework,
        capabilities=tuple(agent.capabilities),
        card=card if isinstance(card, dict) else {},
    )
