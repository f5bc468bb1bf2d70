"""The calls about configuration: of the plugin, and of its agents."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentx_sdk import codec, typed
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.adapter import settle, settle_slowly
from agentx_sdk.errors import ConfigError
from agentx_sdk.hosting import Hosting, redact
from agentx_sdk.turn import Agent


class Configuring:
    """Reads configurations as the adapter's classes have them, and hands them over."""

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        self._adapter = adapter = hosting.adapter
        self.schema = schema_of(adapter.Config)
        self.agent_schema = agents = schema_of(adapter.AgentConfig)
        self._secret = {
            *adapter.secret_fields,
            *typed.secret_names(self.schema),
            *typed.secret_names(agents),
        }

    async def initialize(self, text: str, plain: Mapping[str, str]) -> None:
        """Take the plugin's first configuration. Raises what the adapter raises."""
        raw = codec.json_object(text, plain)
        config = await self._valid(raw, None)
        before, self._adapter.config = self._adapter.config, config
        try:
            await settle_slowly(self._adapter.initialize, config)
        except BaseException:
            self._adapter.config = before
            raise
        self._hosting.config = raw

    async def agent(self, request: pb.CreateAgentRequest) -> Agent:
        """The agent that is asked for, taken in by the adapter."""
        if not request.id:
            raise ConfigError("an agent needs an id", {"id": "must not be empty"})
        raw = codec.json_object(request.config_json, request.config)
        agent = Agent(
            id=request.id,
            name=request.name or request.id,
            description=request.description,
            metadata=dict(request.metadata),
        )
        return await self._taken(agent, raw)

    async def validate(self, text: str, agent: Agent | None) -> None:
        """Raises what the adapter has against it; changes nothing."""
        await self._valid(codec.json_object(text), agent)

    async def update(self, text: str, plain: Mapping[str, str], agent: Agent | None) -> bool:
        """Take a new configuration. Says whether it is in force only after a restart."""
        raw = codec.json_object(text, plain)
        if agent is not None and not self._adapter.writes("update_config"):
            self._hosting.agents[agent.id] = await self._taken(agent, raw)
            return False
        config = await self._valid(raw, agent)
        before = self._adapter.config
        restart = await settle(self._adapter.update_config, config, agent)
        if restart:
            return True
        if agent is not None:
            agent.config, agent.raw = config, raw
            return False
        self._hosting.config = raw
        if self._adapter.config is before:  # else the hook said what it shall be
            self._adapter.config = config
        return False

    def shown(self, agent: Agent | None) -> dict[str, Any]:
        """The configuration without its secrets."""
        shown: dict[str, Any] = redact(agent.raw if agent else self._hosting.config, self._secret)
        return shown

    async def _taken(self, agent: Agent, raw: dict[str, Any]) -> Agent:
        """A copy with this configuration, that the adapter agreed to."""
        agent = replace(agent, raw=raw, config=raw)
        agent.config = await self._valid(raw, agent)
        await settle(self._adapter.create_agent, agent)
        return agent

    async def _valid(self, raw: dict[str, Any], agent: Agent | None) -> Any:
        """As its class has it. Raises `ConfigError`, and what the adapter raises."""
        config = read(self._adapter.AgentConfig if agent else self._adapter.Config, raw)
        await settle(self._adapter.validate_config, config, agent)
        return config


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a configuration class; empty without one."""
    return typed.schema_of(kind) if kind is not None else {}


def read(kind: Any, raw: dict[str, Any]) -> Any:
    """A configuration as its class has it; without one as it is. Raises `ConfigError`."""
    if kind is None:
        return raw
    problems: dict[str, str] = {}
    config = typed.read(kind, raw, problems)
    if problems:
        told = "; ".join(f"{name} {words}".strip() for name, words in problems.items())
        raise ConfigError(told, problems)
    return config
