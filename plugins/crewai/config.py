"""What a CrewAI agent is told: one agent, a crew with its tasks, or a flow with its steps."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from agentx_sdk.llm import config as kit
from agentx_sdk.typed import Field

PluginConfig = kit.PluginConfig
NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"


@dataclass(frozen=True)
class CrewMember(kit.MemberConfig):
    """An agent of a crew or of a flow. `instructions` become its backstory."""

    role: Annotated[str, "Who it is; its name unless told."] = ""
    goal: Annotated[str, "What it is after."] = ""
    allow_delegation: Annotated[bool, "It may ask the others and hand work to them."] = False


@dataclass(frozen=True)
class TaskConfig:
    """A task of a crew. In its words {text} is the message, and {history} what was said before."""

    name: Annotated[str, Field("Unique among them.", pattern=NAME)]
    description: Annotated[str, Field("What to do.", examples=["Write about {text}."])]
    expected_output: Annotated[str, "What is right when it is done."] = "A complete answer."
    agent: Annotated[str, "Who does it, by name; in a hierarchical crew the manager decides."] = ""
    context: Annotated[
        list[str] | None, "Tasks whose results it is given; unless told, all before it."
    ] = None
    tools: Annotated[list[str | kit.ToolConfig], "For this task, besides those of its agent."] = (
        field(default_factory=list)
    )
    output_schema: Annotated[
        dict[str, Any], "JSON Schema of its result, which is a data part when it is the last task."
    ] = field(default_factory=dict)
    human_input: Annotated[bool, "Its result is shown, and accepted or sent back with words."] = (
        False
    )
    guardrail: Annotated[str, "What a result must fulfil, in words that a model checks."] = ""
    guardrail_max_retries: Annotated[int, Field(minimum=0, maximum=10)] = 2
    async_execution: Annotated[bool, "The next task does not wait for it."] = False


@dataclass(frozen=True)
class CrewConfig:
    """Agents that work through tasks: one after another, or as a manager hands them out."""

    members: list[CrewMember]
    tasks: list[TaskConfig]
    process: Literal["sequential", "hierarchical"] = "sequential"
    manager: Annotated[CrewMember | None, "Of a hierarchical crew; CrewAI's own unless told."] = (
        None
    )
    planning: Annotated[bool, "The tasks are planned by the model first."] = False


@dataclass(frozen=True)
class StepConfig:
    """A step of a flow: an agent answers the prompt, or the caller does, or the prompt is the result.

    In a prompt {text} is the message, {history} what was said before, and {name} the result of the
    step with this name.
    """

    name: Annotated[str, Field("Unique among steps and routes.", pattern=NAME)]
    prompt: Annotated[str, Field(examples=["Write about {text}."])] = "{text}"
    agent: Annotated[str, "Who answers the prompt, by name."] = ""
    ask: Annotated[bool, "The caller answers it: the task waits for that."] = False
    after: Annotated[
        list[str], "Steps and routes that it listens to; without any it is a start."
    ] = field(default_factory=list)
    join: Annotated[Literal["any", "all"], "Which of them it waits for."] = "any"
    routes: Annotated[
        list[str],
        "Makes it a router: the first of these words in its result is the way on, else the last.",
    ] = field(default_factory=list)


@dataclass(frozen=True)
class FlowConfig:
    """Steps that follow from one another."""

    steps: list[StepConfig]
    members: list[CrewMember] = field(default_factory=list)


@dataclass(frozen=True)
class AgentConfig(kit.AgentConfig):
    """One agent, a crew, or a flow. `instructions` become the agent's backstory."""

    role: Annotated[str, "Of a single agent."] = "an assistant"
    goal: Annotated[str, "Of a single agent."] = "Answer the user."
    crew: CrewConfig | None = None
    flow: FlowConfig | None = None
    summarize: Annotated[
        bool, "What is too long for the model is summarized by it; else the task fails and says so."
    ] = False
