"""The adapter: what is built of a configuration, and how a turn runs it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orchestrations
from agents import Recipe, Work, answering, functions_for, invoking
from agentx_sdk import Agent
from agentx_sdk.errors import ConfigError
from agentx_sdk.llm import AgentTool, Exchange, LLMAdapter, ModelConfig
from agentx_sdk.llm.journal import Journal, journal_of
from agentx_sdk.llm.messages import from_json, to_json
from config import AgentConfig as Spec
from config import OrchestrationConfig, PluginConfig
from convert import to_native
from functions import Watch, keep_off_the_loop, native_tools, own_plugin, prompts_plugin
from orchestrations import orchestrated
from running import Run, current_run
from semantic_kernel import Kernel
from semantic_kernel.agents import Agent as KernelAgent
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.agents.orchestration.orchestration_base import OrchestrationBase
from semantic_kernel.functions import KernelArguments, KernelFunction, KernelPlugin
from service import Service, service_of, settings_of

CHAT_ONLY = "Semantic Kernel's agents ask by chat completions: leave `api` out, or `chat`"


@dataclass(frozen=True)
class Native:
    """What `build` made. `may_ask`: a turn may have a question for its caller."""

    work: Work
    may_ask: bool
    vision: bool


class Plugin(LLMAdapter):
    """Agents, orchestrations and functions of Semantic Kernel."""

    version = "1.0.0"
    framework = "semantic-kernel"
    capabilities = (
        "text",
        "images",
        "data",
        "streaming",
        "multi-turn",
        "tools",
        "multi-agent",
        "approvals",
        "structured-output",
    )
    input_modes = ("text/plain", "application/json", "image/*")
    output_modes = ("text/plain", "application/json")
    Config = PluginConfig
    AgentConfig = Spec

    def connect(self, model: ModelConfig) -> Service:
        """Shared by all turns."""
        return service_of(model)

    async def disconnect(self, client: Service) -> None:
        """Let its connections go."""
        await client.client.close()

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> Native:
        """What all turns of the agent share."""
        spec: Spec = agent.config
        if spec.code and spec.orchestration:
            why = "an agent has code or an orchestration"
            raise ConfigError(why, {"orchestration": why})
        model = self._model(spec.model, "model")
        recipe = await self._recipe(spec)
        if spec.code:
            work = await self._own(spec, model, recipe, tools)
        elif spec.orchestration is not None:
            work = await self._orchestration(spec, spec.orchestration, model, recipe, tools)
        else:
            one = recipe.agent(
                "assistant",
                spec.instructions,
                model,
                await self.client(model),
                tools=[native_tools(tools)],
                schema=spec.output_schema,
            )
            work = answering(one, has_form=bool(spec.output_schema))
        asks = spec.orchestration is not None and spec.orchestration.asks
        return Native(work, bool(spec.approvals) or asks, bool(model.vision))

    async def converse(self, native: Native, exchange: Exchange) -> AsyncIterator[Any]:
        """One turn; it ends with an answer or with a question."""
        journal = journal_of(exchange) or Journal(_beginning(exchange, native))
        run = Run(exchange, journal, records=native.may_ask)
        current_run.set(run)
        said = from_json(journal.values["messages"]) if journal.values else exchange.messages
        text = said[-1].text
        messages = to_native(said, vision=native.vision)
        work = asyncio.ensure_future(native.work(run, messages, text))
        try:
            await asyncio.wait({work, run.asked}, return_when=asyncio.FIRST_COMPLETED)
            result = await work if work.done() else None
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        if run.asked.done():
            yield journal.keep(exchange, run.asked.result())
        elif not isinstance(result, str):
            yield result if isinstance(result, (dict, list)) else str(result)
        elif run.spoken.strip() != result.strip():
            yield result

    # ---- Building

    def _model(self, told: str | ModelConfig, path: str) -> ModelConfig:
        model = self.model(told, path)
        if model.api != "chat":
            raise ConfigError(CHAT_ONLY, {path: CHAT_ONLY})
        return model

    async def _recipe(self, spec: Spec) -> Recipe:
        plugins: list[KernelPlugin] = []
        for place, told in enumerate(spec.plugins):
            path = f"plugins.{place}"
            plugins.append(own_plugin(await self.own(told, path), told, path))
        plugins.append(prompts_plugin(spec.prompts))
        watch = Watch(spec.limits, spec.approvals)
        return Recipe(spec.limits, watch, plugins, spec.template_format, spec.variables)

    async def _orchestration(
        self,
        spec: Spec,
        told: OrchestrationConfig,
        model: ModelConfig,
        recipe: Recipe,
        tools: Sequence[AgentTool],
    ) -> Work:
        orchestrations.check(told)
        members = []
        for place, each in enumerate(told.members):
            path = f"orchestration.members.{place}"
            own = self._model(each.model or spec.model, f"{path}.model")
            given = [*tools, *await self.toolbox(each.tools, spec, f"{path}.tools")]
            members.append(
                recipe.agent(
                    each.name,
                    each.instructions,
                    own,
                    await self.client(own),
                    tools=[native_tools(given)],
                    description=each.description,
                )
            )
        service = await self.client(model)
        return orchestrated(orchestrations.made_by(told, members, service, model))

    async def _own(
        self, spec: Spec, model: ModelConfig, recipe: Recipe, tools: Sequence[AgentTool]
    ) -> Work:
        service, plugin = await self.client(model), native_tools(tools)
        found = await self.own(spec.code, model=service, tools=plugin, config=spec)
        if isinstance(found, OrchestrationBase):
            for member in found._members:
                self._watched(member.kernel, recipe)
            return orchestrated(orchestrations.again(found))
        if isinstance(found, KernelAgent):
            self._watched(found.kernel, recipe)
            return answering(found, has_form=bool(spec.output_schema))
        kernel = found if isinstance(found, Kernel) else Kernel()
        if not kernel.services:
            kernel.add_service(service)
        self._watched(kernel, recipe)
        if isinstance(found, Kernel):
            return answering(_agent_of(found, spec, model), has_form=bool(spec.output_schema))
        if isinstance(found, KernelFunction):
            return invoking(kernel, found)
        why = (
            f"{spec.code} gave a {type(found).__name__}: "
            "needs a Kernel, an Agent, an orchestration or a KernelFunction"
        )
        raise ConfigError(why, {"code": why})

    def _watched(self, kernel: Kernel, recipe: Recipe) -> None:
        keep_off_the_loop(kernel)
        recipe.watch.on(kernel)


def _agent_of(kernel: Kernel, spec: Spec, model: ModelConfig) -> ChatCompletionAgent:
    """An agent around an author's kernel: its services and its functions."""
    settings: Any = settings_of(model, spec.output_schema)
    settings.service_id = next(iter(kernel.services))
    return ChatCompletionAgent(
        kernel=kernel,
        name="assistant",
        instructions=spec.instructions,
        arguments=KernelArguments(settings={settings.service_id: settings}),
        function_choice_behavior=functions_for(spec.limits),
    )


def _beginning(exchange: Exchange, native: Native) -> dict[str, Any]:
    """What a turn begins with, kept when it may be done again."""
    return {"messages": to_json(exchange.messages)} if native.may_ask else {}
