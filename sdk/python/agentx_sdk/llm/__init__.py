"""What plugins around a model share: agents from configuration, tools, memory, usage, failures.

Inherit from `LLMAdapter`. Needs `httpx2`, which a plugin's requirements name.
"""

from agentx_sdk.llm.adapter import LLMAdapter
from agentx_sdk.llm.config import (
    AgentConfig,
    LimitsConfig,
    MemberConfig,
    MemoryConfig,
    ModelConfig,
    PluginConfig,
    ToolConfig,
)
from agentx_sdk.llm.exchange import Exchange, current_exchange
from agentx_sdk.llm.messages import ChatMessage
from agentx_sdk.llm.models import priced
from agentx_sdk.llm.threads import in_thread
from agentx_sdk.llm.tools import AgentTool

__all__ = [
    "AgentConfig",
    "AgentTool",
    "ChatMessage",
    "Exchange",
    "LLMAdapter",
    "LimitsConfig",
    "MemberConfig",
    "MemoryConfig",
    "ModelConfig",
    "PluginConfig",
    "ToolConfig",
    "current_exchange",
    "in_thread",
    "priced",
]
