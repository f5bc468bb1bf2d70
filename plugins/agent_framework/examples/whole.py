"""A workflow made once for all: refused, since the next conversation would hear what the last one said."""

from agent_framework import (
    AgentResponse,
    Executor,
    Message,
    WorkflowBuilder,
    WorkflowContext,
    handler,
)


class Echo(Executor):
    """Says back what it hears."""

    @handler
    async def echo(
        self, messages: list[Message], ctx: WorkflowContext[AgentResponse, AgentResponse]
    ) -> None:
        """The only step."""
        await ctx.yield_output(AgentResponse(messages=messages[-1:]))


step = Echo("echo")
workflow = WorkflowBuilder(start_executor=step, output_from=[step]).build()
