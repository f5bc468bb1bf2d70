"""What an agent of this plugin can be told. Imports no framework: plugin.yaml's schemas are written from it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from agentx_sdk import Field
from agentx_sdk.llm import AgentConfig as BaseAgentConfig
from agentx_sdk.llm import MemberConfig, ModelConfig, PluginConfig

__all__ = ["AgentConfig", "EdgeConfig", "Member", "PluginConfig", "WorkflowConfig"]

CODE = ["rules.py:is_large"]


@dataclass(frozen=True)
class Member(MemberConfig):
    """A step of a workflow: an agent; a person, whom the task waits for; or a function of your own."""

    kind: Annotated[
        Literal["agent", "person", "function"],
        "A person's `instructions` are what they are asked. Persons and functions are steps of graphs.",
    ] = "agent"
    code: Annotated[
        str, Field("Of a function: it takes the text so far, and returns text.", examples=CODE)
    ] = ""
    approvals: Annotated[list[str], "Its tools that a person must approve; `*`: all."] = field(
        default_factory=list
    )
    handoffs: Annotated[
        list[str], "Members that it may hand over to; empty in a handoff workflow: all."
    ] = field(default_factory=list)
    context: Annotated[
        Literal["full", "last_agent"], "What it hears: everything, or the step before it."
    ] = "full"


@dataclass(frozen=True)
class EdgeConfig:
    """A way through a graph, from one step to another. Several from one step go at once (fan out)."""

    source: str
    target: str
    contains: Annotated[str, "Only when the source's text has these words in it."] = ""
    code: Annotated[
        str, Field("Only when this function of the source's text is true.", examples=CODE)
    ] = ""
    otherwise: Annotated[
        bool, "When no other edge of its source was taken; those are tried in order."
    ] = False
    join: Annotated[bool, "The target waits for all edges that join there (fan in)."] = False


@dataclass(frozen=True)
class WorkflowConfig:
    """Several steps that answer together."""

    members: Annotated[list[Member], "In this order; at most 32."]
    pattern: Annotated[
        Literal["sequential", "concurrent", "group_chat", "handoff", "magentic", "graph"],
        "One after another; all at once; in rounds, as `selector` or a manager says; "
        "as agents hand over; as a manager plans; along edges.",
    ] = "sequential"
    edges: Annotated[list[EdgeConfig], "Of a graph; at most 256."] = field(default_factory=list)
    start: Annotated[
        str, "Where a graph or a handoff workflow begins; else at the first member."
    ] = ""
    review: Annotated[
        list[str],
        "Members whose words a person approves or sends back (sequential, concurrent, group chat).",
    ] = field(default_factory=list)
    plan_review: Annotated[bool, "A person approves the manager's plan (magentic)."] = False
    max_rounds: Annotated[int, Field("Of a group chat or of magentic.", minimum=1, maximum=100)] = (
        10
    )
    until: Annotated[
        str, "A group chat or handoff workflow ends when an agent says these words."
    ] = ""
    selector: Annotated[
        str, Field("A function of the group chat's state that names who speaks.", examples=CODE)
    ] = ""
    aggregator: Annotated[
        str, Field("A function of the texts of all (concurrent) that returns one.", examples=CODE)
    ] = ""
    model: Annotated[str | ModelConfig, "Of the manager (group chat, magentic)."] = ""
    manager_instructions: Annotated[str, "Of the manager."] = ""


@dataclass(frozen=True)
class AgentConfig(BaseAgentConfig):
    """An agent, a workflow, or your own code."""

    approvals: Annotated[list[str], "Tools that a person must approve; `*`: all."] = field(
        default_factory=list
    )
    middleware: Annotated[
        list[str],
        Field(
            "Your own: paths of agent, chat or function middleware (a class, an instance or a function).",
            examples=["rules.py:Shout"],
        ),
    ] = field(default_factory=list)
    context_providers: Annotated[
        list[str], Field("Your own: paths of context providers.", examples=["rules.py:Manners"])
    ] = field(default_factory=list)
    workflow: Annotated[WorkflowConfig | None, "Instead of one agent."] = None
