"""LangChain's agents as agents of AgentX."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import runnables
from agentx_sdk import Agent, ConfigError
from agentx_sdk.langchain import (
    ConversationSaver,
    GraphAgent,
    GraphOptions,
    chat_model,
    close,
    native_tools,
)
from agentx_sdk.langchain.messages import text_of
from agentx_sdk.llm import (
    AgentTool,
    Exchange,
    LLMAdapter,
    MemberConfig,
    ModelConfig,
)
from agentx_sdk.llm.tools import MESSAGE_SCHEMA
from agentx_sdk.tool import Tool
from config import AgentConfig as Spec
from config import PluginConfig
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import HumanMessage
from langgraph.pregel import Pregel
from middleware import middleware_of

MODEL_NODE = "model"  # of `create_agent`
STRUCTURED = "structured_response"
SUBAGENT_STEPS = 25


class Plugin(LLMAdapter):
    """Agents of `create_agent`, and Runnables of your own."""

    framework = "langchain"
    version = "1.0.0"
    capabilities = (
        "text",
        "images",
        "data",
        "streaming",
        "multi-turn",
        "tools",
        "approvals",
        "structured-output",
    )
    input_modes = ("text/plain", "application/json", "image/*")
    output_modes = ("text/plain", "application/json")
    Config = PluginConfig
    AgentConfig = Spec
    keeps_own_memory = True

    def connect(self, model: ModelConfig) -> Any:
        return chat_model(model)

    async def disconnect(self, client: Any) -> None:
        await close(client)

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> Any:
        spec: Spec = agent.config
        return await (self._own(spec, tools) if spec.code else self._configured(agent, tools))

    def converse(self, native: Any, exchange: Exchange) -> AsyncIterator[Any]:
        items: AsyncIterator[Any] = native.converse(exchange)
        return items

    # ---- From configuration

    async def _configured(self, agent: Agent, tools: Sequence[AgentTool]) -> GraphAgent:
        spec: Spec = agent.config
        every = [*tools, *[await self._subagent(spec, n) for n in range(len(spec.subagents))]]
        model = self.model(spec.model)
        native = await self.client(model)
        around = await middleware_of(spec, every, self._named, self.own)
        retries = spec.middleware.retries
        retried = (retries.tools or [tool.name for tool in every]) if retries is not None else ()
        saver = ConversationSaver()
        graph = create_agent(
            native,
            native_tools(every, retried),
            system_prompt=spec.instructions or None,
            middleware=around,
            response_format=_response_format(spec),
            checkpointer=saver,
            name=agent.id,
        )
        # What is redacted in the model's words must not be streamed before that.
        streams = not any(each.output for each in spec.middleware.redact)
        options = GraphOptions(
            reply_nodes=(MODEL_NODE,),
            streams=streams,
            data_key=STRUCTURED if spec.output_schema else "",
            vision=bool(model.vision),
        )
        return GraphAgent(graph, saver, options, [tool.name for tool in every])

    async def _named(self, told: str | ModelConfig, path: str) -> Any:
        return await self.client(self.model(told, path))

    async def _subagent(self, spec: Spec, place: int) -> AgentTool:
        """An agent that this one asks: it begins anew each time, and answers in words."""
        member: MemberConfig = spec.subagents[place]
        path = f"subagents.{place}"
        tools = await self.toolbox(member.tools, spec, f"{path}.tools")
        native = await self._named(member.model or spec.model, f"{path}.model")
        graph = create_agent(
            native,
            native_tools(tools),
            system_prompt=member.instructions or None,
            name=member.name,
        )

        async def ask(message: str) -> str:
            given: Any = {"messages": [HumanMessage(message)]}
            done = await graph.ainvoke(given, {"recursion_limit": SUBAGENT_STEPS})
            return text_of(done["messages"][-1])

        about = member.description or f"Ask {member.name}; it answers in words."
        tool = Tool(member.name, ask, about, input_schema=MESSAGE_SCHEMA)
        return AgentTool(tool, spec.limits)

    # ---- Own code

    async def _own(self, spec: Spec, tools: Sequence[AgentTool]) -> Any:
        offered = {"model": await self.offered_client(spec.model), "tools": native_tools(tools)}
        made = await self.own(spec.code, config=spec, **offered)
        if isinstance(made, Pregel):
            options = GraphOptions(
                reply_nodes=tuple(spec.reply_nodes),
                data_key=STRUCTURED if spec.output_schema else "",
                input_key=spec.input_key,
                output_key=spec.output_key,
            )
            return GraphAgent(made, ConversationSaver(), options, [tool.name for tool in tools])
        return runnables.RunnableAgent(made, spec.input_key, spec.output_key)


def _response_format(spec: Spec) -> Any:
    if not spec.output_schema:
        return None
    schema = {"title": "answer", **spec.output_schema}
    try:
        strategy = ProviderStrategy if spec.output_strategy == "provider" else ToolStrategy
        return strategy(schema)
    except (TypeError, ValueError) as error:
        raise ConfigError(str(error), {"output_schema": str(error)}) from error
