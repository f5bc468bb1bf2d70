"""Graph flows: members at the nodes, and people whose answer decides which way it goes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentx_sdk import ConfigError
from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    StopMessage,
)
from autogen_agentchat.teams import DiGraph, DiGraphBuilder, GraphFlow
from autogen_agentchat.teams._group_chat._graph._digraph_group_chat import GraphFlowManager
from config import EdgeConfig, TeamConfig
from tools import USER

Said = Sequence[BaseAgentEvent | BaseChatMessage]
MOST_EDGES = 256
ASKED = "The caller is asked."


class _Manager(GraphFlowManager):
    """AutoGen's, which would take a question for the asked one's answer, and the flow for complete."""

    async def update_message_thread(self, messages: Said) -> None:
        if is_question(messages[-1]):
            self._message_thread.extend(messages)
        else:
            await super().update_message_thread(messages)

    async def _apply_termination_condition(
        self, delta: Said, increment_turn_count: bool = False
    ) -> bool:
        if not asking(self._message_thread):
            return await super()._apply_termination_condition(delta, increment_turn_count)
        if self._termination_condition is not None:
            await self._termination_condition.reset()
        self._current_turn = 0
        await self._signal_termination(StopMessage(content=ASKED, source=self._name))
        return True


class Flow(GraphFlow):
    """A graph flow that waits for people."""

    def __init__(
        self,
        members: list[Any],
        graph: DiGraph,
        termination: TerminationCondition | None,
        max_turns: int | None,
    ) -> None:
        super().__init__(members, graph, termination_condition=termination, max_turns=max_turns)
        self._base_group_chat_manager_class = _Manager

    def _create_group_chat_manager_factory(self, *args: Any, **named: Any) -> Callable[[], Any]:
        named = {**named, "graph": self._graph}
        return lambda: _Manager(*args, **named)


def is_question(message: Any) -> bool:
    """Whether it asks the caller."""
    return isinstance(message, HandoffMessage) and message.target == USER


def asking(thread: Said) -> list[str]:
    """Who asked the caller and has no answer yet, in that order."""
    waiting: list[str] = []
    for message in thread:
        if is_question(message):
            waiting.append(message.source)
        elif isinstance(message, BaseChatMessage) and message.source in waiting:
            waiting.remove(message.source)
    return waiting


def graph_of(
    team: TeamConfig, members: Sequence[BaseChatAgent], functions: Mapping[str, Callable[..., Any]]
) -> DiGraph:
    """Raises ValueError for a loop without a way out, and for one that nothing leads into."""
    builder = DiGraphBuilder()
    for member in members:
        builder.add_node(member)
    for edge in team.edges:
        builder.add_edge(
            edge.source,
            edge.target,
            condition=functions[edge.code] if edge.code else edge.contains or None,
            activation_group=edge.group or None,
            activation_condition=edge.needs,
        )
    if team.start:
        builder.set_entry_point(team.start)
    return builder.build()


def check(team: TeamConfig, path: str) -> None:
    """Raises `ConfigError` for an edge that cannot be."""
    names = {member.name for member in team.members}
    if team.start and team.start not in names:
        raise _unknown(team.start, f"{path}.start")
    if len(team.edges) > MOST_EDGES:
        why = f"a graph flow has at most {MOST_EDGES} edges"
        raise ConfigError(why, {f"{path}.edges": why})
    for place, edge in enumerate(team.edges):
        _check_edge(edge, names, f"{path}.edges.{place}")


def _check_edge(edge: EdgeConfig, names: set[str], path: str) -> None:
    for end, name in (("source", edge.source), ("target", edge.target)):
        if name not in names:
            raise _unknown(name, f"{path}.{end}")
    if edge.contains and edge.code:
        why = "has one condition: contains or code"
        raise ConfigError(f"an edge {why}", {path: why})


def _unknown(name: str, path: str) -> ConfigError:
    why = f"{name!r} is not one of the members"
    return ConfigError(why, {path: why})


def leaf(team: TeamConfig) -> str:
    """The one member at which the flow ends: its words are the answer. Empty when there are several."""
    sources = {edge.source for edge in team.edges}
    leaves = [each for each in team.members if each.name not in sources]
    return leaves[0].name if len(leaves) == 1 and leaves[0].kind == "assistant" else ""
