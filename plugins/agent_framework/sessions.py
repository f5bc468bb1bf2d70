"""An agent that waits for a person's word about its tools, or an author's agent: its session, kept as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_framework import AgentSession, Content
from agentx_sdk.llm import Exchange
from agentx_sdk.llm.exchange import NATIVE

AGENT = "agent"


@dataclass
class Kept:
    """`asked`: tools that wait for approval. `answers`: for those before them, in the same order."""

    session: AgentSession
    asked: list[Content] = field(default_factory=list)
    answers: list[bool] = field(default_factory=list)

    @property
    def next(self) -> Content | None:
        """The first that has no answer."""
        return self.asked[len(self.answers)] if len(self.answers) < len(self.asked) else None


def recalled(exchange: Exchange, shape: str) -> Kept | None:
    """The session that goes on; what was asked in a task is answered in that task."""
    told = exchange.native.get(AGENT)
    if not told or told.get("shape") != shape:
        return None
    asked = [Content.from_dict(each) for each in told.get("asked") or ()]
    if not asked and not exchange.spec.memory.enabled:
        return None
    if asked and told.get("task") != exchange.turn.task_id:
        return None
    session = AgentSession.from_dict(told["session"])
    return Kept(session, asked, list(told.get("answers") or ()))


def keep(exchange: Exchange, shape: str, kept: Kept) -> None:
    """For the next turn."""
    if not kept.asked and not exchange.spec.memory.enabled:
        forget(exchange)
        return
    told: dict[str, Any] = {"shape": shape, "session": kept.session.to_dict()}
    if kept.asked:
        told["asked"] = [each.to_dict() for each in kept.asked]
        told |= {"answers": kept.answers, "task": exchange.turn.task_id}
    else:
        _cut(told["session"], exchange.spec.memory.max_messages)
    exchange.native[AGENT] = told


def forget(exchange: Exchange) -> None:
    """Nothing goes on."""
    if NATIVE in exchange.turn.memory:
        exchange.native.pop(AGENT, None)


def _cut(session: dict[str, Any], count: int) -> None:
    """Only the newest messages of every history in it, from words of the user on."""
    for state in session.get("state", {}).values():
        messages = state.get("messages") if isinstance(state, dict) else None
        if isinstance(messages, list) and len(messages) > count:
            state["messages"] = _from_user(messages[-count:])


def _from_user(messages: Sequence[Any]) -> list[Any]:
    """A tool's result without its call is refused by models."""
    roles = [each.get("role") if isinstance(each, dict) else "" for each in messages]
    return list(messages[roles.index("user") :]) if "user" in roles else []
