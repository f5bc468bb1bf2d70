"""Talk to a plugin in tests, over real gRPC.

A real process, started the way AgentX does, whatever its language:

    async with PluginProcess("plugins/echo") as plugin:
        answer = await plugin.send("hello")
        assert answer.text == "hello"

An adapter in the test's own process, so that a debugger stops in it and its model can be replaced:

    async with InProcess(Echo(), config={"greeting": "hi"}) as plugin:
        assert (await plugin.stream_all("hello")).state == "completed"

Both take `send`, `stream`, `stream_all`, `call("ListTools")`, `health`, `save_state`, `load_state`.
`Process` is only started, for tests of the start and the end. `agentx_sdk.conformance` checks the
whole contract.
"""

from agentx_sdk.testing.answer import Answer
from agentx_sdk.testing.inside import InProcess
from agentx_sdk.testing.plugin import PluginProcess
from agentx_sdk.testing.process import LaunchFailed, Process
from agentx_sdk.testing.program import NoPlugin

__all__ = ["Answer", "InProcess", "LaunchFailed", "NoPlugin", "PluginProcess", "Process"]
