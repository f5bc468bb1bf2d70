"""Teams from configuration: what one is made of is looked up once; each turn gets one of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentx_sdk import ConfigError
from agentx_sdk.llm.tools import off_the_loop
from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.teams import (
    BaseGroupChat,
    MagenticOneGroupChat,
    RoundRobinGroupChat,
    SelectorGroupChat,
    Swarm,
)
from clients import Client
from config import Member, TeamConfig
from graphs import Flow, graph_of, leaf
from graphs import check as check_edges
from members import AssistantRecipe, Recipe
from terminations import Functions, done_when
from terminations import check as check_terminations
from tools import USER

MOST_MEMBERS = 32


@dataclass(frozen=True)
class TeamRecipe:
    """What a team is made of. `functions`: the author's, by their paths."""

    team: TeamConfig
    members: Sequence[Recipe]
    functions: Functions
    client: Client | None = None  # of the selector or the orchestrator

    @property
    def shape(self) -> list[str]:
        """A conversation goes on with a team of the same shape."""
        return [self.team.pattern, *(each.name for each in self.team.members)]

    @property
    def vision(self) -> bool:
        """Whether any member sees; AutoGen keeps pictures from those that do not."""
        assistants = [each for each in self.members if isinstance(each, AssistantRecipe)]
        return any(each.client.model_info["vision"] for each in assistants)

    @property
    def answer_from(self) -> str:
        """The member whose words are the answer as they come; empty: the last message is."""
        if self.team.answer_from or self.team.pattern != "graph_flow":
            return self.team.answer_from
        return leaf(self.team)

    def made(self) -> BaseGroupChat:
        """A team that has heard nothing. Raises ValueError when it cannot be."""
        members: list[Any] = [each.made() for each in self.members]
        done, most = done_when(self.team.terminations, self.functions), self.team.max_turns
        match self.team.pattern:
            case "round_robin":
                return RoundRobinGroupChat(members, termination_condition=done, max_turns=most)
            case "swarm":
                return Swarm(members, termination_condition=done, max_turns=most)
            case "graph_flow":
                return Flow(members, graph_of(self.team, members, self.functions), done, most)
            case "selector":
                return self._selector(members, done)
            case _:
                return self._magentic(members, done)

    def _selector(self, members: list[Any], done: TerminationCondition) -> BaseGroupChat:
        team = self.team
        more: dict[str, Any] = {
            name: off_the_loop(self.functions[told])
            for name, told in (
                ("selector_func", team.selector),
                ("candidate_func", team.candidates),
            )
            if told
        }
        if team.selector_prompt:
            more["selector_prompt"] = team.selector_prompt
        return SelectorGroupChat(
            members,
            self._needed_client(),
            termination_condition=done,
            max_turns=team.max_turns,
            allow_repeated_speaker=team.allow_repeats,
            **more,
        )

    def _magentic(self, members: list[Any], done: TerminationCondition) -> BaseGroupChat:
        return MagenticOneGroupChat(
            members,
            self._needed_client(),
            termination_condition=done,
            max_turns=self.team.max_turns,
            max_stalls=self.team.max_stalls,
        )

    def _needed_client(self) -> Client:
        if self.client is None:
            raise ConfigError("the team needs a model that decides who speaks")
        return self.client


def code_of(team: TeamConfig) -> dict[str, str]:
    """The author's functions that a team names: for each its place in the configuration."""
    found = {"team.selector": team.selector, "team.candidates": team.candidates}
    found |= {f"team.edges.{n}.code": each.code for n, each in enumerate(team.edges)}
    found |= {f"team.terminations.{n}.code": each.code for n, each in enumerate(team.terminations)}
    return {path: told for path, told in found.items() if told}


def check(team: TeamConfig) -> None:
    """Raises `ConfigError` for what no team can be made of."""
    if not 0 < len(team.members) <= MOST_MEMBERS:
        raise _refused(f"a team has 1 to {MOST_MEMBERS} members", "team.members")
    names = [member.name for member in team.members]
    for place, member in enumerate(team.members):
        _check_member(team, member, place, names)
    if team.answer_from and team.answer_from not in names:
        raise _refused(f"{team.answer_from!r} is not one of the members", "team.answer_from")
    check_terminations(team.terminations, "team.terminations")
    check_edges(team, "team")


def _check_member(team: TeamConfig, member: Member, place: int, names: list[str]) -> None:
    path = f"team.members.{place}"
    if member.name == USER or names.index(member.name) != place:
        raise _refused(f"the name {member.name!r} is taken", f"{path}.name")
    if member.kind == "person" and team.pattern in ("swarm", "magentic_one"):
        why = "a person is no member of such a team: let an assistant hand over to `user`"
        raise _refused(why, f"{path}.kind")
    for target in member.handoffs:
        if target != USER and target not in names:
            raise _refused(f"{target!r} is not one of the members", f"{path}.handoffs")


def _refused(why: str, path: str) -> ConfigError:
    return ConfigError(why, {path: why})
