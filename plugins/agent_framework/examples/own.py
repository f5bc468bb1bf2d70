"""An existing application of the Agent Framework, as it is: `own.py:assistant`, `own.py:release`."""

from dataclasses import dataclass
from typing import Any

from agent_framework import (
    Agent,
    AgentExecutorResponse,
    AgentResponse,
    Executor,
    Message,
    SupportsChatGetResponse,
    Workflow,
    WorkflowBuilder,
    WorkflowContext,
    handler,
    register_checkpoint_type,
    response_handler,
    tool,
)


@tool(approval_mode="never_require")
def area(width: float, height: float) -> float:
    """The area of a rectangle."""
    return width * height


@tool(approval_mode="always_require")
def order(item: str) -> str:
    """Order something; a person must approve it."""
    return f"{item} is ordered"


def assistant(model: SupportsChatGetResponse[Any]) -> Agent:
    """An agent with tools of its own, one of which waits for approval."""
    return Agent(model, "You help.", name="helper", tools=[area, order])


@dataclass
class HowMany:
    """What the workflow asks. A type of your own that waits is registered, or it cannot be read again."""

    question: str


register_checkpoint_type(HowMany)


class Press(Executor):
    """Asks how many copies to print, and prints them."""

    @handler
    async def ask(self, draft: AgentExecutorResponse, ctx: WorkflowContext) -> None:
        """The draft is there."""
        await ctx.request_info(HowMany("How many copies?"), int)

    @response_handler
    async def print(
        self,
        original_request: HowMany,
        response: int,
        ctx: WorkflowContext[AgentExecutorResponse, AgentResponse],
    ) -> None:
        """The number is told."""
        said = Message("assistant", [f"{response} copies are printed"])
        await ctx.yield_output(AgentResponse(messages=[said]))


def release(model: SupportsChatGetResponse[Any]) -> Workflow:
    """A workflow that asks: the task waits for the number, over a restart, too."""
    writer = Agent(model, "reply: draft of {text}", name="writer")
    press = Press("press")
    builder = WorkflowBuilder(
        name="release",
        start_executor=writer,
        output_from=[press],
        intermediate_output_from="all_other",
    )
    return builder.add_edge(writer, press).build()


def broken() -> str:
    """What no agent is."""
    return "no agent"
