"""AutoGen's own memory of a team, kept with the conversation: JSON, within the agent's limits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentx_sdk.llm import Exchange, MemoryConfig
from agentx_sdk.llm.exchange import NATIVE

TEAM = "team"


@dataclass(frozen=True)
class Asked:
    """A question to the caller, and who of the team asked it."""

    by: str
    question: str


@dataclass(frozen=True)
class Kept:
    """`state`: what `save_state` gave; `asking`: what the caller was asked. Nothing of both: begin anew."""

    state: Mapping[str, Any] | None = None
    asking: tuple[Asked, ...] = ()


def recalled(exchange: Exchange, shape: list[str]) -> Kept:
    """What the team of this shape left. What it asked is answered by a message to the same task only."""
    told = exchange.native.get(TEAM) or {}
    if told.get("shape") != shape:
        return Kept()
    asking = tuple(Asked(*each) for each in told.get("asking") or ())
    if asking and told.get("task") != exchange.turn.task_id:
        return Kept()  # left in the middle of a turn: another task begins anew, with what was said
    if not exchange.spec.memory.enabled and not asking:
        return Kept()
    return Kept(told["state"], asking)


def keep(
    exchange: Exchange, shape: list[str], state: Mapping[str, Any], asking: Sequence[Asked]
) -> None:
    """For the next turn: the team as it is now."""
    if not asking and not exchange.spec.memory.enabled:
        exchange.turn.memory.pop(NATIVE, None)
        return
    asked = [[each.by, each.question] for each in asking]
    told = {"shape": shape, "state": bounded(state, exchange.spec.memory), "asking": asked}
    exchange.native[TEAM] = told | ({"task": exchange.turn.task_id} if asking else {})


def bounded(state: Mapping[str, Any], limits: MemoryConfig) -> dict[str, Any]:
    """The state with only the newest messages in it: AutoGen keeps all of them for ever."""
    count = limits.max_messages
    while True:
        kept: dict[str, Any] = json.loads(json.dumps(_cut(state, count)))
        if count <= 2 or len(json.dumps(kept)) <= limits.max_bytes:
            return kept
        count //= 2


def _cut(value: Any, count: int) -> Any:
    """Every list of messages in it, down to its end."""
    if not isinstance(value, Mapping):
        return value
    return {key: _newest(key, each, count) for key, each in value.items()}


def _newest(key: str, value: Any, count: int) -> Any:
    if key == "message_thread":
        return value[-count:]
    if key != "messages" or not isinstance(value, list):
        return _cut(value, count)
    kept = value[-count:]
    # A tool's result without its call is refused by models: begin with words.
    start = next((n for n, each in enumerate(kept) if each.get("type") == "UserMessage"), len(kept))
    return kept[start:]
