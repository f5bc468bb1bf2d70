"""Orchestrations, kernels and functions of your own."""

from typing import Any

from lights import Lights
from semantic_kernel import Kernel
from semantic_kernel.agents import (
    ChatCompletionAgent,
    GroupChatOrchestration,
    RoundRobinGroupChatManager,
)
from semantic_kernel.functions import KernelFunctionFromPrompt


def panel(model: Any) -> GroupChatOrchestration:
    """`code: desk.py:panel`. Each turn has a manager of its own: this one counts its rounds."""
    members = [
        ChatCompletionAgent(
            service=model, name=name, description=name, instructions=f"reply: {name} heard {{text}}"
        )
        for name in ("first", "second")
    ]
    return GroupChatOrchestration(members=members, manager=RoundRobinGroupChatManager(max_rounds=2))


def kernel(model: Any) -> Kernel:
    """`code: desk.py:kernel`. The agent around it has its services and functions."""
    made = Kernel(services=[model])
    made.add_plugin(Lights(), plugin_name="lights")
    return made


# `code: desk.py:shorter`: the message is its {{$text}}.
shorter = KernelFunctionFromPrompt(
    function_name="shorter", plugin_name="desk", prompt="Shorten: {{$text}}"
)
