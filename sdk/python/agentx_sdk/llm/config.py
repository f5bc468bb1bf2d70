"""What every agent around a model can be told: its model, instructions, tools, memory and limits.

Plugins add to `AgentConfig` and `PluginConfig` by inheriting from them. Nothing here imports a
framework, so that the schemas of a plugin.yaml can be written without one.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from agentx_sdk.typed import Field, Secret

NO_TEXT = ""


@dataclass(frozen=True)
class ModelConfig:
    """A model behind an OpenAI-compatible endpoint. What is left out is that of the plugin's `model`."""

    name: Annotated[str, "As its endpoint knows it."] = NO_TEXT
    base_url: Annotated[str, Field("Such as https://api.openai.com/v1.", format="uri")] = NO_TEXT
    api_key: Annotated[Secret, "Sealed at rest; a reference to a secret in exports."] = NO_TEXT
    api: Annotated[
        Literal["chat", "responses"] | None, "Chat completions, or the responses API."
    ] = None
    temperature: Annotated[float | None, Field(minimum=0, maximum=2)] = None
    top_p: Annotated[float | None, Field(minimum=0, maximum=1)] = None
    max_output_tokens: Annotated[int | None, Field(minimum=1)] = None
    timeout_seconds: Annotated[
        float | None, Field("Of one request to the model; 60 unless told.", minimum=1, maximum=3600)
    ] = None
    max_retries: Annotated[
        int | None, Field("Of a request that failed; 2 unless told.", minimum=0, maximum=10)
    ] = None
    vision: Annotated[bool | None, "It takes pictures."] = None
    input_price: Annotated[float | None, Field("Of a million tokens that it reads.", minimum=0)] = (
        None
    )
    output_price: Annotated[
        float | None, Field("Of a million tokens that it writes.", minimum=0)
    ] = None
    currency: Annotated[str | None, Field("Of the prices; USD unless told.", max_length=3)] = None


@dataclass(frozen=True)
class ToolConfig:
    """A tool of the agent: another agent of AgentX, or a Python function of your own. One of the two."""

    agent: Annotated[str, "The address (slug) of an agent to ask, by A2A through AgentX."] = NO_TEXT
    code: Annotated[
        str,
        Field(
            "A function: package.module:name or folder/file.py:name.", examples=["tools.py:weather"]
        ),
    ] = NO_TEXT
    name: Annotated[
        str, Field("By which the model calls it.", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    ] = NO_TEXT
    description: Annotated[str, "What the model is told of it; else what it says of itself."] = (
        NO_TEXT
    )


@dataclass(frozen=True)
class MemoryConfig:
    """What of a conversation the model is shown again."""

    enabled: Annotated[bool, "Else every message stands alone."] = True
    max_messages: Annotated[int, Field("The newest ones.", minimum=2, maximum=1000)] = 60
    max_bytes: Annotated[
        int, Field("Of them, as JSON; what is older is left out.", minimum=1024, maximum=4_000_000)
    ] = 262_144


@dataclass(frozen=True)
class LimitsConfig:
    """Where a turn that goes nowhere ends."""

    max_steps: Annotated[
        int, Field("Requests to the model in one turn.", minimum=1, maximum=200)
    ] = 12
    turn_seconds: Annotated[float, Field("Of one turn.", minimum=1, maximum=3600)] = 300.0
    tool_seconds: Annotated[float, Field("Of one call of a tool.", minimum=0.05, maximum=3600)] = (
        30.0
    )
    tool_result_bytes: Annotated[
        int, Field("What the model is given of a tool's result.", minimum=256, maximum=1_000_000)
    ] = 65_536


@dataclass(frozen=True)
class MemberConfig:
    """One of several agents that work together: of a team, a crew, an orchestration, or a sub-agent."""

    name: Annotated[str, Field("Unique among them.", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
    instructions: str = NO_TEXT
    description: Annotated[str, "What the others are told of it."] = NO_TEXT
    model: Annotated[str | ModelConfig, "The name of one of the plugin's `models`, or its own."] = (
        NO_TEXT
    )
    tools: list[str | ToolConfig] = field(default_factory=list)


@dataclass(frozen=True)
class AgentConfig:
    """An agent around a model."""

    instructions: Annotated[str, "What the model is told before every conversation."] = (
        "You are a helpful assistant."
    )
    model: Annotated[
        str | ModelConfig,
        "The name of one of the plugin's `models`, or its own; empty: the plugin's `model`.",
    ] = NO_TEXT
    tools: Annotated[
        list[str | ToolConfig],
        'Built-in ones by name (`clock`, `calculator`), agents as {"agent":"slug"}, functions as {"code":"file.py:function"}.',
    ] = field(default_factory=list)
    memory: MemoryConfig = MemoryConfig()
    limits: LimitsConfig = LimitsConfig()
    output_schema: Annotated[
        dict[str, Any], "JSON Schema of the answer, which is a data part then; empty: text."
    ] = field(default_factory=dict)
    code: Annotated[
        str,
        Field(
            "Your own code instead: package.module:name or folder/file.py:name, the framework's object or what makes it.",
            examples=["app.py:graph"],
        ),
    ] = NO_TEXT


@dataclass(frozen=True)
class PluginConfig:
    """Of all agents of the plugin."""

    model: Annotated[
        ModelConfig,
        "What agents use that name no other; what it leaves out is AgentX's default model.",
    ] = ModelConfig()
    models: Annotated[dict[str, ModelConfig], "Further models, by the names that agents use."] = (
        field(default_factory=dict)
    )
    code_folders: Annotated[
        list[str], "Folders of your own code, beside the plugin's; an admin lets it read them."
    ] = field(default_factory=list)
