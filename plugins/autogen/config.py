"""What an agent of this plugin can be told. Imports no framework: plugin.yaml's schemas are written from it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from agentx_sdk import Field
from agentx_sdk.llm import AgentConfig as BaseAgentConfig
from agentx_sdk.llm import MemberConfig, ModelConfig, PluginConfig

__all__ = ["AgentConfig", "EdgeConfig", "Member", "PluginConfig", "TeamConfig", "TerminationConfig"]

CODE = ["rules.py:done"]


@dataclass(frozen=True)
class Member(MemberConfig):
    """An agent of a team, or a person: the task waits for the caller when it is their turn."""

    kind: Annotated[
        Literal["assistant", "person"], "A person's `instructions` are what they are asked."
    ] = "assistant"
    handoffs: Annotated[
        list[str], "Members that it may hand over to; `user` asks the caller and waits."
    ] = field(default_factory=list)


@dataclass(frozen=True)
class EdgeConfig:
    """A way through a graph flow, from one member to another."""

    source: str
    target: str
    contains: Annotated[str, "Only when the source's message has these words in it."] = ""
    code: Annotated[
        str, Field("Only when this function of the source's message is true.", examples=CODE)
    ] = ""
    group: Annotated[
        str, "Edges to one target that belong together; different in a loop and into it."
    ] = ""
    needs: Annotated[
        Literal["all", "any"] | None, "Whether the target waits for all edges of its group."
    ] = None


@dataclass(frozen=True)
class TerminationConfig:
    """It holds when all that is told here holds."""

    max_messages: Annotated[int | None, Field(minimum=1, maximum=1000)] = None
    text: Annotated[str, "Somebody says these words."] = ""
    sources: Annotated[
        list[str], "Only words of these members count; alone: one of them spoke."
    ] = field(default_factory=list)
    handoff_to: Annotated[str, "Somebody hands over to this name."] = ""
    max_tokens: Annotated[int | None, Field("Read and written, together.", minimum=1)] = None
    seconds: Annotated[float | None, Field(minimum=0.1, maximum=3600)] = None
    tool: Annotated[str, "A tool of this name was called."] = ""
    code: Annotated[
        str, Field("A function of the new messages is true; it may be async.", examples=CODE)
    ] = ""


@dataclass(frozen=True)
class TeamConfig:
    """Several agents that answer together."""

    members: Annotated[list[Member], "In this order; at most 32."]
    pattern: Annotated[
        Literal["round_robin", "selector", "swarm", "graph_flow", "magentic_one"],
        "Who speaks next: the next one; whom a model chooses; whom the last one hands over to; "
        "as the edges say; as an orchestrator plans.",
    ] = "round_robin"
    terminations: Annotated[list[TerminationConfig], "The team is done when one of them holds."] = (
        field(default_factory=list)
    )
    max_turns: Annotated[int, Field("Of members, in one turn.", minimum=1, maximum=200)] = 10
    answer_from: Annotated[
        str, "The member whose words are the answer, as they come; else the last message is."
    ] = ""
    model: Annotated[str | ModelConfig, "Of the selector or the orchestrator."] = ""
    selector_prompt: Annotated[str, "With {roles}, {history} and {participants}."] = ""
    selector: Annotated[
        str, Field("A function of the messages that names the next member, or None.", examples=CODE)
    ] = ""
    candidates: Annotated[
        str, Field("A function of the messages: the names to choose from.", examples=CODE)
    ] = ""
    allow_repeats: Annotated[bool, "The same member may be chosen twice in a row."] = False
    edges: Annotated[list[EdgeConfig], "Of a graph flow; at most 256."] = field(
        default_factory=list
    )
    start: Annotated[str, "Where a graph flow begins; else at members that no edge leads to."] = ""
    max_stalls: Annotated[
        int, Field("Before the orchestrator plans anew.", minimum=1, maximum=20)
    ] = 3


@dataclass(frozen=True)
class AgentConfig(BaseAgentConfig):
    """An assistant, a team, or your own code."""

    can_ask: Annotated[bool, "It may ask the caller, and the task waits for the answer."] = False
    team: Annotated[TeamConfig | None, "Instead of one assistant."] = None
