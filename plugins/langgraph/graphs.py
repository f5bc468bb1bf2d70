"""A graph from its configuration."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import nodes
import values
from agentx_sdk import ConfigError
from config import EdgeConfig, GraphConfig, NodeConfig
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import RetryPolicy

ENDS = {"START": START, "END": END}
SAYS = frozenset({"model", "react", "agent", "set", "code"})  # kinds whose words can be the reply
NEEDS = {
    "agent": "agent",
    "ask": "question",
    "route": "choices",
    "set": "text",
    "code": "code",
}
FIRST_DELAY = 0.2  # seconds before the second attempt


def built(graph: GraphConfig, given: Mapping[str, nodes.Given]) -> Any:
    """The compiled graph. `given`: what each node is made with, by its name. Raises `ConfigError`."""
    check(graph)
    builder = StateGraph(nodes.State)
    for node in graph.nodes:
        builder.add_node(
            node.name,
            cast(Any, _action(node, given[node.name])),
            defer=node.waits_for_all,
            retry_policy=RetryPolicy(max_attempts=node.attempts, initial_interval=FIRST_DELAY)
            if node.attempts > 1
            else None,
        )
    _connect(builder, graph)
    try:
        return builder.compile()
    except ValueError as error:
        raise ConfigError(f"the graph: {error}", {"graph": str(error)}) from error


def reply_nodes(graph: GraphConfig) -> list[str]:
    """Nodes that may be the last to speak."""
    last = {name for edge in graph.edges if edge.target == "END" for name in sources(edge)}
    return [
        node.name
        for node in graph.nodes
        if node.name in last and node.kind in SAYS and not node.silent
    ]


def sources(edge: EdgeConfig) -> list[str]:
    """Of one edge."""
    return [edge.source] if isinstance(edge.source, str) else list(edge.source)


def _action(node: NodeConfig, given: nodes.Given) -> Any:
    return ToolNode(list(given.tools)) if node.kind == "tools" else nodes.step_of(node, given)


# ---- Edges


def _connect(builder: Any, graph: GraphConfig) -> None:
    leaving: dict[str, list[EdgeConfig]] = defaultdict(list)
    for edge in graph.edges:
        names = sources(edge)
        if len(names) > 1:
            builder.add_edge(names, _end(edge.target))
        else:
            leaving[names[0]].append(edge)
    asking = {node.name: nodes.asks_key(node) for node in graph.nodes if node.kind == "agent"}
    for name, edges in leaving.items():
        if name in asking or any(edge.when for edge in edges):
            targets = [_end(edge.target) for edge in edges] + [END]
            again = [name] if name in asking else []
            next_of = _chooser(name, edges, asking.get(name, ""))
            builder.add_conditional_edges(_end(name), next_of, list(dict.fromkeys(targets + again)))
        else:
            for edge in edges:
                builder.add_edge(_end(name), _end(edge.target))


def _chooser(name: str, edges: list[EdgeConfig], asks: str) -> Callable[[nodes.State], list[str]]:
    """The first condition that is true; else all edges without one; else the end."""

    def chosen(state: nodes.State) -> list[str]:
        if asks and state["values"].get(asks):
            return [name]  # it asks, and goes on with the answer
        for edge in edges:
            if edge.when is not None and values.holds(edge.when, state):
                return [_end(edge.target)]
        return [_end(edge.target) for edge in edges if edge.when is None] or [END]

    chosen.__name__ = f"after_{name}"
    return chosen


def _end(name: str) -> str:
    return ENDS.get(name, name)


# ---- What may be wrong


def check(graph: GraphConfig) -> None:
    """Raises `ConfigError` with everything that is wrong, by dotted path."""
    wrong = dict(_problems(graph))
    if wrong:
        told = "; ".join(f"{path} {words}" for path, words in wrong.items())
        raise ConfigError(told, wrong)


def _problems(graph: GraphConfig) -> Iterator[tuple[str, str]]:
    names = [node.name for node in graph.nodes]
    if not names:
        yield "graph.nodes", "is empty: a custom graph needs nodes and edges"
    for place, node in enumerate(graph.nodes):
        yield from _node_problems(f"graph.nodes.{place}", node, names[:place])
    for place, edge in enumerate(graph.edges):
        yield from _edge_problems(f"graph.edges.{place}", edge, set(names))
    leaving = {name for edge in graph.edges for name in sources(edge)}
    arriving = {edge.target for edge in graph.edges}
    if names and "START" not in leaving:
        yield "graph.edges", "has none from START"
    for place, name in enumerate(names):
        if name not in arriving:
            yield f"graph.nodes.{place}", "is never reached: no edge leads to it"


def _node_problems(path: str, node: NodeConfig, before: list[str]) -> Iterator[tuple[str, str]]:
    if node.name in before:
        yield f"{path}.name", "is the name of another node, too"
    if node.name in ENDS or (node.name == "tools" and node.kind != "tools"):
        yield f"{path}.name", "is taken: call it otherwise"
    needed = NEEDS.get(node.kind)
    if needed and not getattr(node, needed):
        yield f"{path}.{needed}", f"is needed by a node of kind {node.kind}"


def _edge_problems(path: str, edge: EdgeConfig, names: set[str]) -> Iterator[tuple[str, str]]:
    told = sources(edge)
    for name in told:
        if name not in names and (name != "START" or len(told) > 1):
            yield f"{path}.source", f"is not a node: {name}"
    if edge.target not in names and edge.target != "END":
        yield f"{path}.target", f"is not a node: {edge.target}"
    if len(told) > 1 and edge.when is not None:
        yield f"{path}.when", "cannot be where several nodes are waited for"
