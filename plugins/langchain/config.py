"""What an agent of LangChain can be told. Imports the SDK only: plugin.yaml is written from it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from agentx_sdk import llm
from agentx_sdk.llm import MemberConfig, ModelConfig, PluginConfig
from agentx_sdk.typed import Field

__all__ = ["AgentConfig", "PluginConfig"]
NO_TEXT = ""
Decision = Literal["approve", "edit", "reject", "respond"]


@dataclass(frozen=True)
class ApprovalConfig:
    """A tool that is called only when the caller agrees: the task asks, with a form."""

    tool: Annotated[str, "Its name."]
    decisions: Annotated[
        list[Decision], "What the caller may do; `respond` answers in the tool's place."
    ] = field(default_factory=lambda: list[Decision](["approve", "reject"]))
    question: Annotated[str, "What the caller is asked; the form shows the arguments."] = NO_TEXT


@dataclass(frozen=True)
class SummaryConfig:
    """Long conversations: the model is shown a summary of what is old."""

    after_messages: Annotated[int, Field("Summarize when there are so many.", minimum=4)] = 40
    after_tokens: Annotated[
        int | None, Field("Or when they take about so many tokens.", minimum=100)
    ] = None
    keep_messages: Annotated[int, Field("The newest ones, as they are.", minimum=2)] = 20
    model: Annotated[str | ModelConfig, "Who summarizes; empty: the agent's model."] = NO_TEXT


@dataclass(frozen=True)
class CallLimitConfig:
    """How often the model, or a tool, is called; beyond it the turn ends in words, or fails."""

    per_turn: Annotated[int | None, Field(minimum=1)] = None
    per_conversation: Annotated[int | None, Field(minimum=1)] = None
    then: Annotated[Literal["end", "error"], "End with words, or fail."] = "end"


@dataclass(frozen=True)
class ToolLimitConfig:
    """How often a tool is called."""

    tool: Annotated[str, "Its name; empty: all of them together."] = NO_TEXT
    per_turn: Annotated[int | None, Field(minimum=1)] = None
    per_conversation: Annotated[int | None, Field(minimum=1)] = None
    then: Annotated[
        Literal["continue", "end", "error"], "Tell the model, end the turn, or fail."
    ] = "continue"


@dataclass(frozen=True)
class RetryConfig:
    """Tools that are tried again when they fail."""

    tools: Annotated[list[str], "Their names; empty: all."] = field(default_factory=list)
    attempts: Annotated[int, Field("Beyond the first.", minimum=1, maximum=10)] = 2
    delay_seconds: Annotated[
        float, Field("Before the second attempt; then twice as long each time.", minimum=0)
    ] = 0.5


@dataclass(frozen=True)
class RedactionConfig:
    """Personal data that the model, the caller or a tool must not see."""

    kind: Annotated[
        str, Field("email, credit_card, ip, mac_address, url; or a name of your own.", min_length=1)
    ]
    pattern: Annotated[str, "A regular expression, for a kind of your own."] = NO_TEXT
    strategy: Annotated[Literal["redact", "mask", "hash", "block"], "`block` fails the turn."] = (
        "redact"
    )
    input: Annotated[bool, "In what the caller says."] = True
    output: Annotated[bool, "In what the model says; it is not streamed then."] = False
    tool_results: bool = False


@dataclass(frozen=True)
class ClearingConfig:
    """Results of tools that are old are taken out of what the model is shown."""

    after_tokens: Annotated[int, Field(minimum=100)] = 100_000
    keep: Annotated[int, Field("The newest results.", minimum=0)] = 3


@dataclass(frozen=True)
class SelectionConfig:
    """A model chooses, before each request, which of many tools it is about."""

    most: Annotated[int, Field("Tools at once.", minimum=1)] = 5
    always: Annotated[list[str], "Tools that are always there."] = field(default_factory=list)
    model: Annotated[str | ModelConfig, "Who chooses; empty: the agent's model."] = NO_TEXT


@dataclass(frozen=True)
class MiddlewareConfig:
    """LangChain's middleware around the model and the tools."""

    approvals: Annotated[list[ApprovalConfig], "Tools that need a yes."] = field(
        default_factory=list
    )
    summary: SummaryConfig | None = None
    model_calls: CallLimitConfig | None = None
    tool_calls: list[ToolLimitConfig] = field(default_factory=list)
    retries: RetryConfig | None = None
    fallback_models: Annotated[
        list[str | ModelConfig], "Asked in turn when the agent's model fails."
    ] = field(default_factory=list)
    redact: list[RedactionConfig] = field(default_factory=list)
    clear_tool_results: ClearingConfig | None = None
    select_tools: SelectionConfig | None = None
    todo: Annotated[bool, "The agent plans in a list of its own, by the tool write_todos."] = False
    code: Annotated[
        list[str], "Middleware of your own: package.module:name or folder/file.py:name."
    ] = field(default_factory=list)


@dataclass(frozen=True)
class AgentConfig(llm.AgentConfig):
    """An agent of `create_agent`, or your own Runnable."""

    middleware: MiddlewareConfig = MiddlewareConfig()
    subagents: Annotated[
        list[MemberConfig], "Agents of their own, which this one asks as tools."
    ] = field(default_factory=list)
    output_strategy: Annotated[
        Literal["provider", "tool"],
        "How the model is made to fit output_schema: by its endpoint, or by a tool.",
    ] = "provider"
    input_key: Annotated[
        str, "Own code: the key that the message's text is given under; empty: found out."
    ] = NO_TEXT
    output_key: Annotated[str, "Own code: the key of the result that is the reply."] = NO_TEXT
    reply_nodes: Annotated[
        list[str],
        "Own code that is a graph: nodes whose words are the reply; empty: the last ones.",
    ] = field(default_factory=list)
