"""What an agent of LangGraph can be told. Imports the SDK only: plugin.yaml is written from it."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from agentx_sdk import llm
from agentx_sdk.llm import MemberConfig, ModelConfig, PluginConfig, ToolConfig
from agentx_sdk.typed import Field

__all__ = ["AgentConfig", "PluginConfig"]
NO_TEXT = ""
NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
Kind = Literal["model", "react", "tools", "agent", "ask", "route", "set", "code"]


@dataclass(frozen=True)
class NodeConfig:
    """A step of the graph. Texts may name values: `{text}` is what the caller said, `{plan}` what node plan gave."""

    name: Annotated[str, Field("Unique in the graph.", pattern=NAME)]
    kind: Annotated[
        Kind,
        "`model`: asks a model. `react`: an agent of its own, with tools. `tools`: runs what the model "
        "before it called. `agent`: asks an agent of AgentX. `ask`: asks the caller, and waits. "
        "`route`: a model chooses. `set`: puts a text together. `code`: your own function.",
    ]
    instructions: Annotated[str, "model, react, route: what the model is told."] = NO_TEXT
    model: Annotated[str | ModelConfig, "Empty: the agent's."] = NO_TEXT
    tools: Annotated[
        list[str | ToolConfig], "model, react, tools: which; of a model, a node `tools` runs them."
    ] = field(default_factory=list)
    prompt: Annotated[
        str, "model, react, agent: what is said instead of the whole conversation."
    ] = NO_TEXT
    agent: Annotated[str, "agent: the address (slug) of whom to ask."] = NO_TEXT
    question: Annotated[str, "ask: what the caller is asked."] = NO_TEXT
    form: Annotated[dict[str, Any], "ask: JSON Schema of the answer; empty: any text."] = field(
        default_factory=dict
    )
    choices: Annotated[
        dict[str, str], "route: what there is to choose from, and what each is for."
    ] = field(default_factory=dict)
    text: Annotated[str, "set: the text."] = NO_TEXT
    output_schema: Annotated[dict[str, Any], "model: JSON Schema of what it gives."] = field(
        default_factory=dict
    )
    code: Annotated[str, "code: package.module:name or folder/file.py:name."] = NO_TEXT
    into: Annotated[str, Field("The value it gives; empty: its name.", max_length=64)] = NO_TEXT
    silent: Annotated[
        bool, "What it says is a value only: no part of the conversation or of the reply."
    ] = False
    status: Annotated[str, "What who follows the task is told when it begins."] = NO_TEXT
    attempts: Annotated[int, Field("When it fails.", minimum=1, maximum=10)] = 1
    waits_for_all: Annotated[
        bool, "It runs when nothing else is left to run: the end of branches of unlike length."
    ] = False


@dataclass(frozen=True)
class ConditionConfig:
    """True of a value. Without anything more: that it is there, and not empty, 0 or false."""

    value: Annotated[
        str,
        "Its name, with dots into objects (`plan.approved`). Besides values of nodes: `text`, `reply` "
        "(the last words), `tool_calls` (how many tools are called for), `runs.NODE` (how often it ran).",
    ]
    equals: Annotated[str | float | bool | None, "That it is this."] = None
    contains: Annotated[str, "That it has this in it, in small or capital letters."] = NO_TEXT
    at_least: float | None = None
    negate: Annotated[bool, "The opposite."] = False


@dataclass(frozen=True)
class EdgeConfig:
    """From one node to the next. Of those with `when`, the first that is true is taken; those without it, all of them, unless one was."""

    source: Annotated[str | list[str], "A node, or START; several: `target` waits for all of them."]
    target: Annotated[str, "A node, or END."]
    when: ConditionConfig | None = None


@dataclass(frozen=True)
class GraphConfig:
    """`react`, `plan_approve_act` and `router` are graphs that are there already; `custom` is nodes and edges of yours."""

    kind: Literal["react", "plan_approve_act", "router", "custom"] = "react"
    nodes: list[NodeConfig] = field(default_factory=list)
    edges: list[EdgeConfig] = field(default_factory=list)
    members: Annotated[list[MemberConfig], "router: the agents that it chooses from."] = field(
        default_factory=list
    )
    recursion_limit: Annotated[
        int, Field("Steps of one turn; a graph that goes on fails.", minimum=2, maximum=1000)
    ] = 50


@dataclass(frozen=True)
class HistoryConfig:
    """Checkpoints that a conversation keeps, to go back to."""

    every: Annotated[
        Literal["turn", "step"], "One at the end of each turn, or after each step."
    ] = "turn"
    checkpoints: Annotated[int, Field("The newest ones.", minimum=1, maximum=200)] = 20
    max_bytes: Annotated[int, Field("Of all of them.", minimum=4096, maximum=4_000_000)] = 524_288


@dataclass(frozen=True)
class AgentConfig(llm.AgentConfig):
    """A graph from configuration, or your own."""

    graph: GraphConfig = GraphConfig()
    history: HistoryConfig = HistoryConfig()
    input_key: Annotated[
        str, "Own code: the key of the state that takes the message's text; empty: found out."
    ] = NO_TEXT
    output_key: Annotated[str, "The key of the state that is the reply; empty: found out."] = (
        NO_TEXT
    )
    reply_nodes: Annotated[
        list[str], "Nodes whose words are the reply; empty: those that lead to the end."
    ] = field(default_factory=list)
    values: Annotated[
        dict[str, Any], "Values that every turn begins with; or, own code, more of its state."
    ] = field(default_factory=dict)
