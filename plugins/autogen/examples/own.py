"""An existing AutoGen application, as it is: `own.py:assistant`, `own.py:debate`, `own.py:desk`."""

from collections.abc import Sequence
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import Handoff
from autogen_agentchat.conditions import HandoffTermination, MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat, Swarm
from autogen_core.models import ChatCompletionClient


def area(width: float, height: float) -> float:
    """The area of a rectangle."""
    return width * height


def assistant(model: ChatCompletionClient) -> AssistantAgent:
    """One agent with a tool of its own."""
    return AssistantAgent("helper", model, tools=[area], max_tool_iterations=5)


def debate(model: ChatCompletionClient) -> RoundRobinGroupChat:
    """Two speak in turn, twice each."""
    speakers: list[Any] = [
        AssistantAgent(name, model, system_message=f"reply: {name} thinks {{text}}")
        for name in ("ada", "bob")
    ]
    return RoundRobinGroupChat(speakers, termination_condition=MaxMessageTermination(3))


def desk(model: ChatCompletionClient, tools: Sequence[Any]) -> Swarm:
    """A desk that asks the caller: the task waits for the answer."""
    clerk = AssistantAgent("clerk", model, tools=list(tools), handoffs=[Handoff(target="user")])
    return Swarm([clerk], termination_condition=HandoffTermination("user"), max_turns=5)


def broken() -> str:
    """What no agent is."""
    return "no agent"
