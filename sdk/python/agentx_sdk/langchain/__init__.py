"""What plugins around LangChain and LangGraph share: models, tools, messages, graphs that run turns.

Needs `langchain-openai` and `langgraph`, which a plugin's requirements name.
"""

from agentx_sdk.langchain.graphs import GraphAgent, GraphOptions
from agentx_sdk.langchain.messages import from_native, to_native
from agentx_sdk.langchain.models import chat_model, close
from agentx_sdk.langchain.saver import ConversationSaver
from agentx_sdk.langchain.tools import native_tools

__all__ = [
    "ConversationSaver",
    "GraphAgent",
    "GraphOptions",
    "chat_model",
    "close",
    "from_native",
    "native_tools",
    "to_native",
]
