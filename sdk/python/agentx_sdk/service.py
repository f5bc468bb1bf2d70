"""The calls of the contract: the sixteen, and the three that were added."""

import logging
import os
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.adapter import Adapter, Model, settle
from agentx_sdk.configuring import Configuring
from agentx_sdk.errors import ConfigError, TaskFailed, UnknownAgent, UnknownTool
from agentx_sdk.hosting import Hosting
from agentx_sdk.logs import name_call
from agentx_sdk.state_calls import StateCalls
from agentx_sdk.tool import InvalidArguments, as_tool
from agentx_sdk.turn import Agent
from agentx_sdk.turns import Context, Turns
from agentx_sdk.version import SDK

logger = logging.getLogger("agentx_sdk.service")

Health = pb.HealthCheckResponse


class PluginService:
    """Answers AgentX. `renew` prolongs the lease; `drain` begins the end, with seconds to wait."""

    def __init__(
        self, hosting: Hosting, renew: Callable[[float], None], drain: Callable[[float, str], None]
    ) -> None:
        self._hosting = hosting
        self._adapter = hosting.adapter
        self._renew = renew
        self._drain = drain
        self._configuring = Configuring(hosting)
        turns = Turns(hosting)
        self.ProcessMessage = turns.unary
        self.ProcessMessageStream = turns.stream
        state = StateCalls(hosting.adapter)
        self.SaveState = state.save
        self.LoadState = state.load

    async def Initialize(
        self, request: pb.InitializeRequest, context: Context
    ) -> pb.InitializeResponse:
        try:
            await self._configuring.initialize(request.config_json, request.config)
        except Exception as error:
            return pb.InitializeResponse(error=_told(error), field_errors=_field_errors(error))
        self._hosting.initialized = True
        return pb.InitializeResponse(success=True)

    async def Shutdown(self, request: pb.ShutdownRequest, context: Context) -> pb.ShutdownResponse:
        self._drain(float(request.drain_seconds), request.reason or "asked to")
        return pb.ShutdownResponse(success=True, in_flight=self._hosting.load.in_flight)

    async def GetInfo(self, request: pb.GetInfoRequest, context: Context) -> pb.GetInfoResponse:
        adapter = self._adapter
        return pb.GetInfoResponse(
            name=self._hosting.plugin,
            version=adapter.version,
            capabilities=adapter.capabilities,
            framework=adapter.framework,
            sdk=SDK,
            contract=self._hosting.contract,
            config_schema_json=codec.object_json(self._configuring.schema),
            live_config=adapter.takes_config_live(),
            stateful=adapter.keeps_state(),
            agent_schema_json=codec.object_json(self._configuring.agent_schema),
        )

    async def HealthCheck(self, request: pb.HealthCheckRequest, context: Context) -> Health:
        if request.lease_seconds:
            self._renew(float(request.lease_seconds))
        load = self._hosting.load
        detail = await self.trouble()
        return Health(
            status=Health.NOT_SERVING if detail else Health.SERVING,
            in_flight=load.in_flight,
            in_flight_average=load.take_average(),
            messages_total=load.finished,
            errors_total=load.failed,
            detail=detail,
        )

    async def trouble(self) -> str:
        """What keeps messages away, in one sentence; empty when nothing does."""
        if self._hosting.draining:
            return "draining"
        if not self._hosting.initialized:
            return "not initialized"
        try:
            return await settle(self._adapter.health) or ""
        except Exception as error:
            return _told(error)

    async def CreateAgent(
        self, request: pb.CreateAgentRequest, context: Context
    ) -> pb.CreateAgentResponse:
        try:
            agent = await self._configuring.agent(request)
            info = await self._agent_info(agent)
        except Exception as error:
            return pb.CreateAgentResponse(error=_told(error))
        self._hosting.agents[agent.id] = agent
        logger.info(
            "agent %s is ready (contract %d, pid %d)", agent.id, self._hosting.contract, os.getpid()
        )
        return pb.CreateAgentResponse(success=True, agent=info)

    async def DeleteAgent(
        self, request: pb.DeleteAgentRequest, context: Context
    ) -> pb.DeleteAgentResponse:
        agent = await self._agent(request.agent_id, context)
        try:
            await settle(self._adapter.delete_agent, agent)
        except Exception as error:
            return pb.DeleteAgentResponse(error=_told(error))
        self._hosting.agents.pop(agent.id, None)
        return pb.DeleteAgentResponse(success=True)

    async def ListAgents(
        self, request: pb.ListAgentsRequest, context: Context
    ) -> pb.ListAgentsResponse:
        agents = self._hosting.agents.values()
        return pb.ListAgentsResponse(agents=[await self._agent_info(agent) for agent in agents])

    async def GetAgentInfo(
        self, request: pb.GetAgentInfoRequest, context: Context
    ) -> pb.GetAgentInfoResponse:
        agent = await self._agent(request.agent_id, context)
        models = [_model(each).id for each in await settle(self._adapter.models, agent)]
        return pb.GetAgentInfoResponse(agent=await self._agent_info(agent, models))

    async def GetCapabilities(
        self, request: pb.GetCapabilitiesRequest, context: Context
    ) -> pb.GetCapabilitiesResponse:
        await self._agent_or_none(request.agent_id, context)
        return pb.GetCapabilitiesResponse(
            capabilities=self._adapter.capabilities,
            streaming=True,
            input_modes=self._adapter.input_modes,
            output_modes=self._adapter.output_modes,
        )

    async def GetSupportedModels(
        self, request: pb.GetSupportedModelsRequest, context: Context
    ) -> pb.GetSupportedModelsResponse:
        agent = await self._agent_or_none(request.agent_id, context)
        models = await settle(self._adapter.models, agent)
        return pb.GetSupportedModelsResponse(models=[_model(each) for each in models])

    async def ListTools(
        self, request: pb.ListToolsRequest, context: Context
    ) -> pb.ListToolsResponse:
        agent = await self._agent_or_none(request.agent_id, context)
        tools = [
            pb.Tool(
                name=tool.name,
                description=tool.description,
                input_schema=codec.to_json(tool.input_schema),
                output_schema=codec.object_json(tool.output_schema),
            )
            for tool in map(as_tool, await settle(self._adapter.tools, agent))
        ]
        return pb.ListToolsResponse(tools=tools)

    async def ExecuteTool(
        self, request: pb.ExecuteToolRequest, context: Context
    ) -> pb.ExecuteToolResponse:
        agent = await self._agent_or_none(request.agent_id, context)
        name_call(request.agent_id, request.request_id, request.traceparent)
        try:
            arguments = codec.json_object(request.arguments_json, request.parameters)
            result = await settle(self._adapter.execute_tool, request.tool_name, arguments, agent)
            return pb.ExecuteToolResponse(success=True, result_json=codec.to_json(result))
        except UnknownTool as unknown:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(unknown))
        except InvalidArguments as wrong:
            return pb.ExecuteToolResponse(error=str(wrong), error_code="invalid_arguments")
        except TaskFailed as failed:
            return pb.ExecuteToolResponse(error=failed.reason, error_code=failed.code)
        except Exception as error:
            return pb.ExecuteToolResponse(error=_told(error), error_code="tool_error")

    async def UpdateConfig(
        self, request: pb.UpdateConfigRequest, context: Context
    ) -> pb.UpdateConfigResponse:
        agent = await self._agent_or_none(request.agent_id, context)
        try:
            restart = await self._configuring.update(request.config_json, request.config, agent)
        except Exception as error:
            return pb.UpdateConfigResponse(error=_told(error), field_errors=_field_errors(error))
        return pb.UpdateConfigResponse(success=True, restart_needed=restart)

    async def ValidateConfig(
        self, request: pb.ValidateConfigRequest, context: Context
    ) -> pb.ValidateConfigResponse:
        # Of an agent that is not there yet it is what CreateAgent would be asked for.
        slug = request.agent_id
        agent = self._hosting.agents.get(slug) or (Agent(slug, slug) if slug else None)
        try:
            await self._configuring.validate(request.config_json, agent)
        except Exception as error:
            return pb.ValidateConfigResponse(error=_told(error), field_errors=_field_errors(error))
        return pb.ValidateConfigResponse(success=True)

    async def GetConfig(
        self, request: pb.GetConfigRequest, context: Context
    ) -> pb.GetConfigResponse:
        agent = await self._agent_or_none(request.agent_id, context)
        config = self._configuring.shown(agent)
        plain = {key: str(value) for key, value in config.items() if isinstance(value, str)}
        return pb.GetConfigResponse(config=plain, config_json=codec.to_json(config))

    async def _agent(self, slug: str, context: Context) -> Agent:
        try:
            return self._hosting.agent(slug)
        except UnknownAgent as unknown:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(unknown))

    async def _agent_or_none(self, slug: str, context: Context) -> Agent | None:
        return await self._agent(slug, context) if slug else None

    async def _agent_info(self, agent: Agent, models: list[str] | None = None) -> pb.AgentInfo:
        adapter, ready = self._adapter, self._hosting.ready
        return pb.AgentInfo(
            id=agent.id,
            name=agent.name,
            framework=adapter.framework,
            capabilities=adapter.capabilities,
            metadata=agent.metadata,
            status=pb.AGENT_STATUS_READY if ready else pb.AGENT_STATUS_INITIALIZING,
            description=agent.description,
            version=adapter.version,
            card_json=codec.to_json(await self._card(agent)),
            models=models,
        )

    async def _card(self, agent: Agent) -> dict[str, Any]:
        """What the author says; where nothing was said, the manifest has the word."""
        adapter = self._adapter
        own: dict[str, Any] = {"skills": list(adapter.skills)}
        if adapter.input_modes is not Adapter.input_modes:
            own["defaultInputModes"] = list(adapter.input_modes)
        if adapter.output_modes is not Adapter.output_modes:
            own["defaultOutputModes"] = list(adapter.output_modes)
        return {**own, **await settle(adapter.card, agent)}


def _model(model: Model | str) -> pb.Model:
    if isinstance(model, str):
        return pb.Model(id=model, name=model)
    metadata = codec.object_json(model.metadata)
    return pb.Model(
        id=model.id, name=model.name or model.id, provider=model.provider, metadata=metadata
    )


def _told(error: Exception) -> str:
    """What the core is told; a mistake in the adapter's code also goes to the log."""
    if isinstance(error, ConfigError):
        return str(error)
    logger.error("the adapter failed", exc_info=error)
    return f"{type(error).__name__}: {error}"


def _field_errors(error: Exception) -> list[pb.FieldError]:
    fields = error.fields if isinstance(error, ConfigError) else {}
    return [pb.FieldError(field=name, message=message) for name, message in fields.items()]
