"""Graphs that are there already, as nodes and edges: nothing that a configuration could not say."""

from collections.abc import Callable

from agentx_sdk import ConfigError
from agentx_sdk.llm import MemberConfig
from config import AgentConfig, ConditionConfig, EdgeConfig, GraphConfig, NodeConfig

START, END = "START", "END"
AGENT, ROUTER = "agent", "router"
PLAN = "Write a short, numbered plan for what is asked, and nothing else. Call no tools yet."
ACT = "Do what is asked by this plan, which was approved:\n{plan}"
CHOOSE = "Choose who shall answer what the user says."
APPROVAL = {
    "type": "object",
    "properties": {"approved": {"type": "boolean", "description": "Go on with this plan."}},
    "required": ["approved"],
}


def graph_of(spec: AgentConfig) -> GraphConfig:
    """The graph in nodes and edges. Raises `ConfigError`."""
    if spec.graph.kind == "custom":
        return spec.graph
    if spec.graph.nodes or spec.graph.edges:
        why = f"are for a custom graph: this one is {spec.graph.kind}"
        raise ConfigError(f"graph.nodes and graph.edges {why}", {"graph.nodes": why})
    return BUILT[spec.graph.kind](spec)


def _made(spec: AgentConfig, nodes: list[NodeConfig], edges: list[EdgeConfig]) -> GraphConfig:
    limit = spec.graph.recursion_limit
    return GraphConfig(kind="custom", nodes=nodes, edges=edges, recursion_limit=limit)


def _react(spec: AgentConfig) -> GraphConfig:
    """A model and its tools, in a circle until it calls none."""
    schema = spec.output_schema
    model = NodeConfig(AGENT, "model", spec.instructions, tools=spec.tools, output_schema=schema)
    if not spec.tools:
        return _made(spec, [model], [EdgeConfig(START, AGENT), EdgeConfig(AGENT, END)])
    tools = NodeConfig("tools", "tools", tools=spec.tools)
    edges = [
        EdgeConfig(START, AGENT),
        EdgeConfig(AGENT, "tools", ConditionConfig("tool_calls")),
        EdgeConfig(AGENT, END),
        EdgeConfig("tools", AGENT),
    ]
    return _made(spec, [model, tools], edges)


def _plan_approve_act(spec: AgentConfig) -> GraphConfig:
    """A plan, the caller's yes, and only then the tools."""
    told = spec.instructions
    nodes = [
        NodeConfig("plan", "model", f"{told}\n\n{PLAN}", silent=True, status="Planning …"),
        NodeConfig(
            "approve", "ask", question="{plan}\n\nShall I go on?", form=APPROVAL, silent=True
        ),
        NodeConfig(
            "act",
            "react",
            f"{told}\n\n{ACT}",
            tools=spec.tools,
            output_schema=spec.output_schema,
            status="Working …",
        ),
        NodeConfig("stop", "set", text="The plan was not approved: nothing was done."),
    ]
    approved = ConditionConfig("approve.approved")
    edges = [
        EdgeConfig(START, "plan"),
        EdgeConfig("plan", "approve"),
        EdgeConfig("approve", "act", approved),
        EdgeConfig("approve", "stop"),
        EdgeConfig("act", END),
        EdgeConfig("stop", END),
    ]
    return _made(spec, nodes, edges)


def _router(spec: AgentConfig) -> GraphConfig:
    """A model chooses which of the members answers."""
    members = spec.graph.members
    if not members:
        raise ConfigError("a router needs graph.members", {"graph.members": "is empty"})
    choices = {each.name: each.description or each.instructions for each in members}
    instructions = f"{spec.instructions}\n\n{CHOOSE}"
    nodes = [
        NodeConfig(ROUTER, "route", instructions, choices=choices),
        *(_member(each, spec) for each in members),
    ]
    edges = [EdgeConfig(START, ROUTER)]
    for each in members:
        edges += [
            EdgeConfig(ROUTER, each.name, ConditionConfig(ROUTER, equals=each.name)),
            EdgeConfig(each.name, END),
        ]
    return _made(spec, nodes, edges)


def _member(told: MemberConfig, spec: AgentConfig) -> NodeConfig:
    return NodeConfig(
        told.name,
        "react" if told.tools else "model",
        told.instructions,
        model=told.model,
        tools=told.tools,
        output_schema=spec.output_schema,
    )


BUILT: dict[str, Callable[[AgentConfig], GraphConfig]] = {
    "react": _react,
    "plan_approve_act": _plan_approve_act,
    "router": _router,
}
