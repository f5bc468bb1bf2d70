"""Graphs of steps: agents, people and functions, and the edges between them."""

from collections.abc import Callable, Mapping
from typing import Any

from agent_framework import (
    Agent,
    AgentExecutor,
    AgentExecutorResponse,
    Case,
    Default,
    Executor,
    Workflow,
    WorkflowBuilder,
)
from agentx_sdk import ConfigError
from agentx_sdk.llm import in_thread
from config import EdgeConfig, Member, WorkflowConfig
from steps import Function, Join, Person

MOST_EDGES = 256
STEPS_PER_REQUEST = 4  # of a graph that runs in circles without asking a model


def graph_of(
    spec: WorkflowConfig,
    agents: Mapping[str, Agent],
    functions: Mapping[str, Callable[..., Any]],
    name: str,
    most_steps: int,
) -> Workflow:
    """Raises ValueError for steps that nothing leads to."""
    lasts = leaves(spec)
    steps = {each.name: _step(each, agents, functions, lasts) for each in spec.members}
    builder = WorkflowBuilder(
        name=name,
        max_iterations=STEPS_PER_REQUEST * most_steps,
        start_executor=steps[spec.start or spec.members[0].name],
        output_from=[steps[each] for each in lasts],
        intermediate_output_from="all_other",
    )
    for source in steps:
        _lead_on(builder, [each for each in spec.edges if each.source == source], steps, functions)
    for target, step in steps.items():
        joined = [each for each in spec.edges if each.join and each.target == target]
        if joined:
            join = Join(f"{target}_join")
            builder.add_fan_in_edges([steps[each.source] for each in joined], join)
            builder.add_edge(join, step)
    return builder.build()


def leaves(spec: WorkflowConfig) -> list[str]:
    """Steps that lead nowhere: what they say is the answer. With none, every step's words are."""
    sources = {edge.source for edge in spec.edges}
    names = [member.name for member in spec.members]
    return [name for name in names if name not in sources] or names


def _step(
    member: Member,
    agents: Mapping[str, Agent],
    functions: Mapping[str, Callable[..., Any]],
    lasts: list[str],
) -> Executor:
    is_last = member.name in lasts
    if member.kind == "person":
        return Person(member.name, member.instructions, is_last=is_last)
    if member.kind == "function":
        return Function(member.name, functions[member.code], is_last=is_last)
    return AgentExecutor(agents[member.name], id=member.name, context_mode=member.context)


def _lead_on(
    builder: WorkflowBuilder,
    edges: list[EdgeConfig],
    steps: Mapping[str, Executor],
    functions: Mapping[str, Callable[..., Any]],
) -> None:
    """All edges of one step, but those that join others."""
    plain = [each for each in edges if not each.join]
    if not any(each.otherwise for each in plain):
        for edge in plain:
            condition = _condition(edge, functions)
            builder.add_edge(steps[edge.source], steps[edge.target], condition=condition)
        return
    cases: list[Case | Default] = [
        Case(condition=_always(_condition(edge, functions)), target=steps[edge.target])
        for edge in plain
        if not edge.otherwise
    ]
    cases += [Default(target=steps[edge.target]) for edge in plain if edge.otherwise]
    builder.add_switch_case_edge_group(steps[plain[0].source], cases)


def _condition(
    edge: EdgeConfig, functions: Mapping[str, Callable[..., Any]]
) -> Callable[[Any], Any] | None:
    if edge.contains:
        return lambda response: edge.contains in _text(response)
    if not edge.code:
        return None
    function = functions[edge.code]

    async def decide(response: AgentExecutorResponse) -> bool:
        result = await in_thread(function, _text(response))
        return bool(await result if hasattr(result, "__await__") else result)

    return decide


def _always(condition: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return condition or (lambda response: True)


def _text(response: AgentExecutorResponse) -> str:
    return "\n\n".join(each.text for each in response.agent_response.messages)


def check(spec: WorkflowConfig, path: str) -> None:
    """Raises `ConfigError` for an edge that cannot be."""
    names = {member.name for member in spec.members}
    if len(spec.edges) > MOST_EDGES:
        raise _refused(f"a graph has at most {MOST_EDGES} edges", f"{path}.edges")
    if spec.pattern == "graph" and len(spec.members) > 1 and not spec.edges:
        raise _refused("a graph of several steps needs edges", f"{path}.edges")
    for place, edge in enumerate(spec.edges):
        _check_edge(spec, edge, names, f"{path}.edges.{place}")


def _check_edge(spec: WorkflowConfig, edge: EdgeConfig, names: set[str], path: str) -> None:
    for end, name in (("source", edge.source), ("target", edge.target)):
        if name not in names:
            raise _refused(f"{name!r} is not one of the members", f"{path}.{end}")
    told = [bool(edge.contains), bool(edge.code), edge.otherwise, edge.join]
    if sum(told) > 1:
        raise _refused("an edge has one of contains, code, otherwise and join", path)
    alike = [each for each in spec.edges if each.source == edge.source and each.otherwise]
    if len(alike) > 1:
        raise _refused(f"{edge.source!r} has two edges that say otherwise", path)


def _refused(why: str, path: str) -> ConfigError:
    return ConfigError(why, {path: why})
