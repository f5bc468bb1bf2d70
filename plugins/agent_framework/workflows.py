"""Workflows from configuration: what one is made of is looked up once; each turn gets one of its own."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent_framework import Agent, AgentExecutorResponse, Message, Workflow
from agent_framework_orchestrations import (
    BaseGroupChatOrchestrator,
    ConcurrentBuilder,
    GroupChatBuilder,
    GroupChatState,
    HandoffBuilder,
    MagenticBuilder,
    SequentialBuilder,
)
from agentx_sdk import ConfigError
from agentx_sdk.llm.tools import off_the_loop
from config import Member, WorkflowConfig
from graphs import check as check_graph
from graphs import graph_of

NAME = "agentx"  # of every workflow, so that another process takes its checkpoints up
MOST_MEMBERS = 32
# The words that the framework ends a group chat with; what somebody said before is the answer.
CANNED = (
    BaseGroupChatOrchestrator.MAX_ROUNDS_MET_MESSAGE,
    BaseGroupChatOrchestrator.TERMINATION_CONDITION_MET_MESSAGE,
)
WHOLE = ("concurrent", "group_chat", "magentic")  # their answer is known in the end only

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class WorkflowRecipe:
    """What a workflow is made of. `functions`: the author's, by their paths."""

    spec: WorkflowConfig
    agents: Mapping[str, Agent]
    functions: Functions
    most_steps: int
    vision: bool
    manager: Agent | None = None
    shape: str = field(default="")

    @property
    def answers_whole(self) -> bool:
        """Whether the answer comes at once, in the end."""
        return self.spec.pattern in WHOLE

    @property
    def can_wait(self) -> bool:
        """Whether it may ask the caller; only then is it written down on its way."""
        spec = self.spec
        asks = [each for each in spec.members if each.kind == "person" or each.approvals]
        return bool(asks or spec.review or spec.plan_review or spec.pattern == "handoff")

    async def made(self) -> Workflow:
        """One that has heard nothing. Raises ValueError when it cannot be."""
        build = {
            "sequential": self._sequential,
            "concurrent": self._concurrent,
            "group_chat": self._group_chat,
            "handoff": self._handoff,
            "magentic": self._magentic,
            "graph": self._graph,
        }[self.spec.pattern]
        return build()

    @property
    def _participants(self) -> list[Agent]:
        return list(self.agents.values())

    def _sequential(self) -> Workflow:
        agents = self._participants
        builder = SequentialBuilder(
            participants=agents,
            name=NAME,
            output_from=agents[-1:],
            intermediate_output_from="all_other",
        )
        return self._reviewed(builder)

    def _concurrent(self) -> Workflow:
        builder = ConcurrentBuilder(
            participants=self._participants, name=NAME, intermediate_output_from="all_other"
        )
        if self.spec.aggregator:
            builder = builder.with_aggregator(_aggregated(self.functions[self.spec.aggregator]))
        return self._reviewed(builder)

    def _group_chat(self) -> Workflow:
        chosen: dict[str, Any] = {"selection_func": self._selection()}
        if self.manager is not None:
            chosen = {"orchestrator_agent": self.manager}
        builder = GroupChatBuilder(
            participants=self._participants,
            name=NAME,
            max_rounds=self.spec.max_rounds,
            termination_condition=self._until(),
            intermediate_output_from="all_other",
            **chosen,
        )
        return self._reviewed(builder)

    def _selection(self) -> Callable[[GroupChatState], Any]:
        if self.spec.selector:
            return off_the_loop(self.functions[self.spec.selector])
        return lambda state: list(state.participants)[state.current_round % len(state.participants)]

    def _handoff(self) -> Workflow:
        builder = HandoffBuilder(
            participants=self._participants, name=NAME, termination_condition=self._until()
        )
        for member in self.spec.members:
            if member.handoffs:
                targets = [self.agents[name] for name in member.handoffs]
                builder = builder.add_handoff(self.agents[member.name], targets)
        start = self.spec.start or self.spec.members[0].name
        return builder.with_start_agent(self.agents[start]).build()

    def _magentic(self) -> Workflow:
        return MagenticBuilder(
            participants=self._participants,
            name=NAME,
            manager_agent=self.manager,
            max_round_count=self.spec.max_rounds,
            enable_plan_review=self.spec.plan_review,
            intermediate_output_from="all_other",
        ).build()

    def _graph(self) -> Workflow:
        return graph_of(self.spec, self.agents, self.functions, NAME, self.most_steps)

    def _reviewed(self, builder: Any) -> Workflow:
        if self.spec.review:
            builder = builder.with_request_info(agents=self.spec.review)
        workflow: Workflow = builder.build()
        return workflow

    def _until(self) -> Callable[[list[Message]], bool] | None:
        words = self.spec.until
        if not words:
            return None
        return lambda said: bool(said) and said[-1].role == "assistant" and words in said[-1].text


def shape_of(spec: WorkflowConfig) -> str:
    """A workflow that waits goes on with one of the same shape; models and instructions may change."""
    steps = [(each.name, each.kind, each.handoffs) for each in spec.members]
    told = (spec.pattern, steps, spec.edges, spec.start, spec.review, spec.plan_review)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def code_of(spec: WorkflowConfig) -> dict[str, str]:
    """The author's functions that a workflow names: for each its place in the configuration."""
    found = {"workflow.selector": spec.selector, "workflow.aggregator": spec.aggregator}
    found |= {f"workflow.members.{n}.code": each.code for n, each in enumerate(spec.members)}
    found |= {f"workflow.edges.{n}.code": each.code for n, each in enumerate(spec.edges)}
    return {path: told for path, told in found.items() if told}


def needs_manager(spec: WorkflowConfig) -> bool:
    """Whether a model decides who speaks."""
    manages = not spec.selector and bool(spec.manager_instructions or spec.model)
    return spec.pattern == "magentic" or (spec.pattern == "group_chat" and manages)


def check(spec: WorkflowConfig) -> None:
    """Raises `ConfigError` for what no workflow can be made of."""
    if not 0 < len(spec.members) <= MOST_MEMBERS:
        raise refused(f"a workflow has 1 to {MOST_MEMBERS} members", "workflow.members")
    names = [member.name for member in spec.members]
    for place, member in enumerate(spec.members):
        _check_member(spec, member, place, names)
    for path, told in (("workflow.review", spec.review), ("workflow.start", [spec.start])):
        for name in told:
            if name and name not in names:
                raise refused(f"{name!r} is not one of the members", path)
    check_graph(spec, "workflow")


def _check_member(spec: WorkflowConfig, member: Member, place: int, names: list[str]) -> None:
    path = f"workflow.members.{place}"
    if names.index(member.name) != place:
        raise refused(f"the name {member.name!r} is taken", f"{path}.name")
    if member.kind != "agent" and spec.pattern != "graph":
        raise refused(f"a {member.kind} is a step of graphs only", f"{path}.kind")
    if (member.kind == "function") != bool(member.code):
        raise refused("a function needs code, and nothing else has any", f"{path}.code")
    for name in member.handoffs:
        if name not in names:
            raise refused(f"{name!r} is not one of the members", f"{path}.handoffs")


def refused(why: str, path: str) -> ConfigError:
    """At this place of the configuration."""
    return ConfigError(why, {path: why})


def _aggregated(function: Callable[..., Any]) -> Callable[..., Any]:
    decide = off_the_loop(function)

    async def aggregate(results: list[AgentExecutorResponse]) -> str:
        return str(await decide([each.agent_response.text for each in results]))

    return aggregate
