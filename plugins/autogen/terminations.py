"""When a team is done."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from agentx_sdk import ConfigError
from agentx_sdk.llm.tools import off_the_loop
from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.conditions import (
    FunctionalTermination,
    FunctionCallTermination,
    HandoffTermination,
    MaxMessageTermination,
    SourceMatchTermination,
    TextMentionTermination,
    TimeoutTermination,
    TokenUsageTermination,
)
from config import TerminationConfig
from tools import USER

Functions = Mapping[str, Callable[..., Any]]


def done_when(told: Sequence[TerminationConfig], functions: Functions) -> TerminationCondition:
    """One of them holds, or the caller is asked. `functions`: the loaded ones, by their paths."""
    ways: list[TerminationCondition] = [HandoffTermination(USER)]
    ways += [_all_of(each, functions) for each in told]
    return reduce(lambda one, other: one | other, ways)


def check(told: Sequence[TerminationConfig], path: str) -> None:
    """Raises `ConfigError` for one that says nothing."""
    for place, each in enumerate(told):
        if each == TerminationConfig():
            why = "says nothing that could hold"
            raise ConfigError(f"a termination {why}", {f"{path}.{place}": why})


def _all_of(told: TerminationConfig, functions: Functions) -> TerminationCondition:
    return reduce(lambda one, other: one & other, _conditions(told, functions))


def _conditions(told: TerminationConfig, functions: Functions) -> list[TerminationCondition]:
    found: list[TerminationCondition] = []
    if told.max_messages is not None:
        found.append(MaxMessageTermination(told.max_messages))
    if told.text:
        found.append(TextMentionTermination(told.text, told.sources or None))
    elif told.sources:
        found.append(SourceMatchTermination(list(told.sources)))
    if told.handoff_to:
        found.append(HandoffTermination(told.handoff_to))
    if told.max_tokens is not None:
        found.append(TokenUsageTermination(max_total_token=told.max_tokens))
    if told.seconds is not None:
        found.append(TimeoutTermination(told.seconds))
    if told.tool:
        found.append(FunctionCallTermination(told.tool))
    if told.code:
        found.append(FunctionalTermination(off_the_loop(functions[told.code])))
    return found
