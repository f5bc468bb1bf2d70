"""The adapter: what is built of a configuration, and how a turn runs it."""

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import crews
import flows
import human
import quiet
from agentx_sdk import Agent
from agentx_sdk.errors import ConfigError
from agentx_sdk.llm import AgentTool, ChatMessage, Exchange, LLMAdapter, ModelConfig
from agentx_sdk.llm.journal import Asked, Journal, journal_of
from agentx_sdk.llm.messages import is_picture
from config import AgentConfig as Spec
from config import CrewConfig, CrewMember, FlowConfig, PluginConfig
from convert import to_native
from crewai import Agent as CrewAgent
from crewai import Crew
from crewai.flow.flow import Flow
from crews import Parts
from model import Model, close, model_of
from running import MAX_TURNS, SWITCH_SECONDS, ModelLoop, Run
from tools import native_tools
from turns import (
    ALONE,
    Said,
    Work,
    answering,
    configured_crew,
    configured_flow,
    own_crew,
    own_flow,
    single,
)


@dataclass(frozen=True)
class Native:
    """What `build` made. `vision`: whether the agent's model takes pictures."""

    work: Work
    vision: bool


class Plugin(LLMAdapter):
    """Agents, crews and flows of CrewAI."""

    version = "1.0.0"
    framework = "crewai"
    capabilities = (
        "text",
        "images",
        "data",
        "streaming",
        "multi-turn",
        "tools",
        "multi-agent",
        "workflows",
        "approvals",
        "structured-output",
    )
    input_modes = ("text/plain", "application/json", "image/*")
    output_modes = ("text/plain", "application/json")
    Config = PluginConfig
    AgentConfig = Spec

    def __init__(self) -> None:
        super().__init__()
        self._room = asyncio.Semaphore(MAX_TURNS)
        self._models = ModelLoop()
        sys.setswitchinterval(SWITCH_SECONDS)
        quiet.install()
        human.install()

    def connect(self, model: ModelConfig) -> Model:
        """Shared: a new one costs forty milliseconds and half a megabyte."""
        return model_of(model)

    async def disconnect(self, client: Model) -> None:
        """Let its connections go."""
        await close(client, self._models.loop)

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> Native:
        """What each turn calls. CrewAI's objects are made in the turn: they keep its traces."""
        spec: Spec = agent.config
        given = [name for name in ("crew", "flow", "code") if getattr(spec, name)]
        if len(given) > 1:
            raise ConfigError(
                f"{' and '.join(given)}: an agent has one of them",
                dict.fromkeys(given[1:], "an agent has one of crew, flow and code"),
            )
        return Native(await self._work(spec, tools), bool(self.model(spec.model).vision))

    async def _work(self, spec: Spec, tools: Sequence[AgentTool]) -> Work:
        if spec.code:
            return await self._own(spec, tools)
        if spec.crew is not None:
            return await self._crew(spec, spec.crew, tools)
        if spec.flow is not None:
            return await self._flow(spec, spec.flow, tools)
        return single(spec, await self._parts(spec, tools))

    async def converse(self, native: Native, exchange: Exchange) -> AsyncIterator[Any]:
        """One turn in a thread of its own, which ends with the turn."""
        journal = journal_of(exchange) or Journal(_beginning(exchange, native.vision))
        said = Said(**journal.values)
        run = Run(exchange, journal, self._models)
        human.review_by_caller()
        try:
            async with self._room:
                result = await run.work(lambda: native.work(run, said))
        except Asked as asked:
            yield journal.keep(exchange, asked)
            return
        if not isinstance(result, str):
            yield result if isinstance(result, (dict, list)) else str(result)
        elif run.spoken.strip() != result.strip():
            yield result

    # ---- Building

    async def _crew(self, spec: Spec, told: CrewConfig, tools: Sequence[AgentTool]) -> Work:
        crews.check(told)
        members = [*told.members, *([told.manager] if told.manager else [])]
        parts = await self._parts(spec, tools, members, "crew")
        parts.schemas.update(crews.schemas_of(told))
        for place, task in enumerate(told.tasks):
            own = await self.toolbox(task.tools, spec, f"crew.tasks.{place}.tools")
            parts.tools[f"task {task.name}"] = native_tools(own)
        if spec.output_schema and not told.tasks[-1].output_schema:
            last = told.tasks[-1].name
            parts.schemas[last] = crews.shape(spec.output_schema, last, "output_schema")
        return configured_crew(told, parts)

    async def _flow(self, spec: Spec, told: FlowConfig, tools: Sequence[AgentTool]) -> Work:
        flows.check(told)
        parts = await self._parts(spec, tools, told.members, "flow")
        return configured_flow(told, flows.flow_class(told, parts))

    async def _parts(
        self,
        spec: Spec,
        tools: Sequence[AgentTool],
        members: Sequence[CrewMember] = (),
        path: str = "",
    ) -> Parts:
        """The models and tools of the agent and of its members, who have the agent's besides their own."""
        shared = native_tools(tools)
        model = await self.client(self.model(spec.model))
        parts = Parts({"": model, ALONE: model}, {ALONE: shared}, spec.limits, spec.summarize)
        for place, each in enumerate(members):
            where = f"{path}.members.{place}"
            named = each.model or spec.model
            parts.models[each.name] = await self.client(self.model(named, f"{where}.model"))
            own = await self.toolbox(each.tools, spec, f"{where}.tools")
            parts.tools[each.name] = [*native_tools(own), *shared]
        if spec.output_schema:
            parts.schemas[ALONE] = crews.shape(spec.output_schema, "Answer", "output_schema")
        return parts

    async def _own(self, spec: Spec, tools: Sequence[AgentTool]) -> Work:
        offered = {
            "model": await self.client(self.model(spec.model)),
            "tools": native_tools(tools),
            "config": spec,
        }
        found = await self.own(spec.code, **offered)
        if isinstance(found, type) and hasattr(found, "crew"):  # of @CrewBase
            found = found().crew()
        if isinstance(found, Crew):
            return own_crew(found)
        if isinstance(found, CrewAgent):
            shape = spec.output_schema and crews.shape(
                spec.output_schema, "Answer", "output_schema"
            )
            return answering(found.copy, shape or None)
        if inspect.isclass(found) and issubclass(found, Flow):
            return own_flow(found)
        why = (
            f"{spec.code} gave a {type(found).__name__}: needs an Agent, a Crew or a class of Flow"
        )
        raise ConfigError(why, {"code": why})


def _beginning(exchange: Exchange, vision: bool) -> dict[str, Any]:
    """The message and what was said before it, as `Said` has them. A data part's fields are values, too."""
    data = [part.data for part in exchange.message.parts if part.kind == "data"]
    values = {
        name: value for each in data if isinstance(each, dict) for name, value in each.items()
    }
    history = "\n".join(f"{each.role}: {each.text}" for each in exchange.history if each.text)
    values |= {"text": exchange.message.text, "history": history}
    message = _in_words(exchange.message) if vision else exchange.message
    messages = to_native([*exchange.history, message], vision=vision)
    return {"values": values, "messages": messages}


def _in_words(message: ChatMessage) -> ChatMessage:
    """Without pictures, which go beside the words of each request."""
    parts = [part for part in message.parts if not is_picture(part)]
    return ChatMessage(message.role, parts)
