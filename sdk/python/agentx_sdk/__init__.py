"""AgentX's plugin SDK: write an `Adapter`, call `run`."""

from agentx_sdk.adapter import Adapter, Model
from agentx_sdk.content import (
    Artifact,
    AuthRequired,
    DirectMessage,
    InputRequired,
    Message,
    Part,
    Reply,
    Status,
    ToolCall,
    ToolResult,
    Usage,
)
from agentx_sdk.errors import ConfigError, TaskFailed, TaskRejected, UnknownAgent, UnknownTool
from agentx_sdk.memory import Memory
from agentx_sdk.runner import run
from agentx_sdk.state import State, StateEntry
from agentx_sdk.tool import Tool, tool
from agentx_sdk.turn import Agent, Turn
from agentx_sdk.typed import Field, Secret
from agentx_sdk.version import VERSION

__all__ = [
    "VERSION",
    "Adapter",
    "Agent",
    "Artifact",
    "AuthRequired",
    "ConfigError",
    "DirectMessage",
    "Field",
    "InputRequired",
    "Memory",
    "Message",
    "Model",
    "Part",
    "Reply",
    "Secret",
    "State",
    "StateEntry",
    "Status",
    "TaskFailed",
    "TaskRejected",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Turn",
    "UnknownAgent",
    "UnknownTool",
    "Usage",
    "run",
    "tool",
]
