"""What a Semantic Kernel agent is told: one agent with its functions, or several in an orchestration."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from agentx_sdk.llm import config as kit
from agentx_sdk.typed import Field

PluginConfig = kit.PluginConfig
NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
TemplateFormat = Literal["plain", "semantic-kernel", "handlebars", "jinja2"]
Kind = Literal["sequential", "concurrent", "group_chat", "handoff", "magentic"]


@dataclass(frozen=True)
class PromptConfig:
    """A function made of a prompt: a model that calls it is answered by a model."""

    name: Annotated[str, Field("By which it is called.", pattern=NAME)]
    prompt: Annotated[
        str,
        Field("With its {{$parameters}}.", examples=["Translate to {{$language}}: {{$text}}"]),
    ]
    description: Annotated[str, "What the model is told of it."] = ""
    template_format: TemplateFormat = "semantic-kernel"


@dataclass(frozen=True)
class HandoffConfig:
    """A way from one agent to another."""

    source: Annotated[str, "Who may hand over, by name."]
    target: Annotated[str, "To whom, by name."]
    description: Annotated[str, "When; the model is told so."] = ""


@dataclass(frozen=True)
class OrchestrationConfig:
    """Several agents on one message."""

    kind: Kind
    members: list[kit.MemberConfig]
    manager: Annotated[
        Literal["round_robin", "model"],
        "Of a group chat: each in turn, or a model says who is next and when it is done.",
    ] = "round_robin"
    manager_instructions: Annotated[str, "What a model that manages is told."] = ""
    max_rounds: Annotated[
        int, Field("Of a group chat and of magentic: answers of members.", minimum=1, maximum=100)
    ] = 4
    handoffs: Annotated[
        list[HandoffConfig], "Of a handoff, whose first member begins; unless told, all to all."
    ] = field(default_factory=list)
    asks: Annotated[
        bool,
        "Of a handoff: who answers without handing over or completing the task has a question.",
    ] = False


@dataclass(frozen=True)
class AgentConfig(kit.AgentConfig):
    """One agent, or several in an orchestration."""

    orchestration: OrchestrationConfig | None = None
    template_format: Annotated[
        TemplateFormat, "Of the instructions: as they are, or a template with `variables`."
    ] = "plain"
    variables: Annotated[dict[str, str], "Of templates, besides {{$text}}, the message."] = field(
        default_factory=dict
    )
    plugins: Annotated[
        list[str],
        Field(
            "Own classes with @kernel_function, or objects of them: package.module:name, folder/file.py:name.",
            examples=["lights.py:Lights"],
        ),
    ] = field(default_factory=list)
    prompts: Annotated[list[PromptConfig], "Functions made of prompts."] = field(
        default_factory=list
    )
    approvals: Annotated[
        list[str], "Functions that the caller must allow each time, by name; `*`: all."
    ] = field(default_factory=list)
