"""Start a real plugin process the way AgentX does, and talk to it.

async with PluginProcess("plugins/echo") as plugin:
    answer = await plugin.send("hello")
    assert answer.text == "hello"
"""

from agentx_sdk.testing.answer import Answer
from agentx_sdk.testing.plugin import PluginProcess
from agentx_sdk.testing.process import LaunchFailed, Process
from agentx_sdk.testing.program import NoPlugin

__all__ = ["Answer", "LaunchFailed", "NoPlugin", "PluginProcess", "Process"]
