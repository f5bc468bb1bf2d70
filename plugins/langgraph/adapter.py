"""LangGraph's graphs as agents of AgentX."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import graphs
import nodes
from agentx_sdk import Agent
from agentx_sdk.langchain import (
    ConversationSaver,
    GraphAgent,
    GraphOptions,
    chat_model,
    close,
    native_tools,
)
from agentx_sdk.langchain.graphs import as_graph
from agentx_sdk.llm import (
    AgentTool,
    Exchange,
    LLMAdapter,
    ModelConfig,
    ToolConfig,
)
from config import AgentConfig as Spec
from config import GraphConfig, NodeConfig, PluginConfig
from prebuilt import graph_of

GRAPH = "urn:agentx:langgraph:graph"  # the card's extension that draws it
ASKS_MODEL = frozenset({"model", "react", "route"})


class Plugin(LLMAdapter):
    """Graphs from configuration, and compiled graphs of your own."""

    framework = "langgraph"
    version = "1.0.0"
    capabilities = (
        "text",
        "images",
        "data",
        "streaming",
        "multi-turn",
        "tools",
        "interrupts",
        "structured-output",
    )
    input_modes = ("text/plain", "application/json", "image/*")
    output_modes = ("text/plain", "application/json", "text/vnd.mermaid")
    Config = PluginConfig
    AgentConfig = Spec
    keeps_own_memory = True

    def connect(self, model: ModelConfig) -> Any:
        return chat_model(model)

    async def disconnect(self, client: Any) -> None:
        await close(client)

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> GraphAgent:
        spec: Spec = agent.config
        return await (self._own(spec, tools) if spec.code else self._configured(spec))

    def converse(self, native: GraphAgent, exchange: Exchange) -> AsyncIterator[Any]:
        return native.converse(exchange)

    def card(self, agent: Agent) -> dict[str, Any]:
        made = self._made.get(agent.id)
        if made is None:
            return {}
        drawn = {"mermaid": made.native.drawn()}
        told = {"uri": GRAPH, "description": "The graph, as Mermaid.", "params": drawn}
        return {"capabilities": {"extensions": [told]}}

    # ---- From configuration

    async def _configured(self, spec: Spec) -> GraphAgent:
        graph = graph_of(spec)
        graphs.check(graph)
        given = {
            node.name: await self._given(node, graph, spec, f"graph.nodes.{place}")
            for place, node in enumerate(graph.nodes)
        }
        shown = {tool.name for each in given.values() for tool in each.kit}
        options = _options(
            spec,
            reply_nodes=spec.reply_nodes or graphs.reply_nodes(graph),
            recursion_limit=graph.recursion_limit,
            vision=bool(self.model(spec.model).vision),
            begins_with=_beginning(spec),
        )
        return GraphAgent(graphs.built(graph, given), ConversationSaver(), options, shown)

    async def _given(
        self, node: NodeConfig, graph: GraphConfig, spec: Spec, path: str
    ) -> nodes.Given:
        if node.kind == "code":
            return nodes.Given(code=await self.function(node.code, f"{path}.code"))
        kit = await self._kit(node, graph, spec, f"{path}.tools")
        if node.kind not in ASKS_MODEL:
            return nodes.Given(tools=native_tools(kit), kit=kit)
        model = self.model(node.model or spec.model, f"{path}.model")
        return nodes.Given(await self.client(model), native_tools(kit), kit)

    async def _kit(
        self, node: NodeConfig, graph: GraphConfig, spec: Spec, path: str
    ) -> list[AgentTool]:
        """Its tools; of a node that runs them, those that any model of the graph may call."""
        if node.kind == "agent":
            return await self.toolbox([ToolConfig(agent=node.agent)], spec, path)
        if node.kind != "tools" or node.tools:
            return await self.toolbox(node.tools, spec, path)
        models = [each.tools for each in graph.nodes if each.kind == "model"]
        told = {json.dumps(each, default=vars): each for tools in models for each in tools}
        return await self.toolbox(list(told.values()), spec, path)

    # ---- Own code

    async def _own(self, spec: Spec, tools: Sequence[AgentTool]) -> GraphAgent:
        offered = {"model": await self.offered_client(spec.model), "tools": native_tools(tools)}
        made = await self.own(spec.code, config=spec, **offered)
        options = _options(
            spec,
            reply_nodes=spec.reply_nodes,
            recursion_limit=spec.graph.recursion_limit,
            begins_with=lambda exchange: dict(spec.values),
        )
        shown = [tool.name for tool in tools]
        return GraphAgent(as_graph(made), ConversationSaver(), options, shown)


def _options(spec: Spec, **told: Any) -> GraphOptions:
    return GraphOptions(
        input_key=spec.input_key,
        output_key=spec.output_key,
        as_json=bool(spec.output_schema),
        every_step=spec.history.every == "step",
        checkpoints=spec.history.checkpoints,
        checkpoint_bytes=spec.history.max_bytes,
        shows_history=True,
        **told,
    )


def _beginning(spec: Spec) -> Any:
    """What a turn of a configured graph begins with."""

    def begun(exchange: Exchange) -> dict[str, Any]:
        data = exchange.answer if not isinstance(exchange.answer, str) else None
        said = {"text": exchange.turn.text, "data": data}
        return {"values": {**spec.values, **said}, "runs": {}}

    return begun
