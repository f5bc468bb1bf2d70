"""An application that asks at a terminal, which no agent of AgentX has: refused, with a word about what to do."""

from autogen_agentchat.agents import AssistantAgent, UserProxyAgent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.models import ChatCompletionClient


def team(model: ChatCompletionClient) -> RoundRobinGroupChat:
    """One agent and one person at a keyboard."""
    return RoundRobinGroupChat([AssistantAgent("helper", model), UserProxyAgent("person")])
