"""Graphs of steps: agents, people and functions, and the edges between them."""

from collections.abc import Callable, Mapping
from typing import Any

from agent_framework import (
    Agent,
    AgentExecutor,
    AgentExecutorResponse,
    Executor,
    Workflow,
    WorkflowBuilder,
)
from agentx_sdk import ConfigError
from agentx_sdk.llm.tools import off_the_loop
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
    told = lasts or list(steps)  # of a graph without an end, every step's words are the answer
    builder = WorkflowBuilder(
        name=name,
        max_iterations=STEPS_PER_REQUEST * most_steps,
        start_executor=steps[spec.start or spec.members[0].name],
        output_from=[steps[each] for each in told],
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
    """Steps that lead nowhere: what they say is the answer."""
    sources = {edge.source for edge in spec.edges}
    return [member.name for member in spec.members if member.name not in sources]


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
    in_order = any(each.otherwise for each in plain)
    for place, edge in enumerate(plain):
        before = [each for each in plain[:place] if not each.otherwise]
        if edge.otherwise:
            before = [each for each in plain if each is not edge]
        condition = _taken(edge, before if in_order else [], functions)
        builder.add_edge(steps[edge.source], steps[edge.target], condition=condition)


def _taken(
    edge: EdgeConfig, before: list[EdgeConfig], functions: Mapping[str, Callable[..., Any]]
) -> Callable[[Any], Any] | None:
    """Whether a way is taken: its own condition holds, and none of those `before` it does."""
    if not before and not edge.contains and not edge.code:
        return None

    async def decide(response: AgentExecutorResponse) -> bool:
        text = _text(response)
        for each in before:
            if await _holds(each, text, functions):
                return False
        return await _holds(edge, text, functions)

    return decide


async def _holds(edge: EdgeConfig, text: str, functions: Mapping[str, Callable[..., Any]]) -> bool:
    if edge.contains:
        return edge.contains in text
    if not edge.code:
        return True
    return bool(await off_the_loop(functions[edge.code])(text))


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
    if spec.pattern == "graph" and (lost := names - _reached(spec)):
        raise _refused(f"no way leads to {', '.join(sorted(lost))}", f"{path}.edges")


def _reached(spec: WorkflowConfig) -> set[str]:
    """The steps that the first one leads to."""
    waiting, reached = [spec.start or spec.members[0].name], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [edge.target for edge in spec.edges if edge.source == name]
    return reached


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
