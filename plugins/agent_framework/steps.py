"""Steps of a graph that are no agents: people, functions, and where several ways come together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent_framework import (
    AgentExecutorResponse,
    AgentResponse,
    Executor,
    Message,
    WorkflowContext,
    handler,
    register_checkpoint_type,
    response_handler,
)
from agentx_sdk import TaskFailed
from agentx_sdk.llm.failures import OWN_CODE
from agentx_sdk.llm.tools import off_the_loop

NOTHING = AgentResponse(messages=[])


@dataclass
class Question:
    """What a person is asked, and what was said so far."""

    text: str
    so_far: AgentExecutorResponse


register_checkpoint_type(Question)


class Step(Executor):
    """Takes what the caller said, or what the step before it did."""

    def __init__(self, id: str, *, is_last: bool) -> None:
        super().__init__(id)
        self._is_last = is_last

    @handler
    async def begin(
        self,
        messages: list[Message],
        ctx: WorkflowContext[AgentExecutorResponse, AgentResponse],
    ) -> None:
        """It is the first step."""
        said = AgentResponse(messages=messages[-1:])
        await self.take(AgentExecutorResponse("caller", said, list(messages)), ctx)

    @handler
    async def go_on(
        self,
        before: AgentExecutorResponse,
        ctx: WorkflowContext[AgentExecutorResponse, AgentResponse],
    ) -> None:
        """Another step came before it."""
        await self.take(before, ctx)

    async def take(self, before: AgentExecutorResponse, ctx: Any) -> None:
        """What the step does."""
        raise NotImplementedError

    async def tell(self, said: Message, before: AgentExecutorResponse, ctx: Any) -> None:
        """Hand it on; the last step's words are the answer."""
        response = AgentResponse(messages=[said])
        whole = [*before.full_conversation, said]
        if self._is_last:
            await ctx.yield_output(response)
        else:
            await ctx.send_message(AgentExecutorResponse(self.id, response, whole))


class Person(Step):
    """The workflow waits here for the caller's answer."""

    def __init__(self, id: str, question: str, *, is_last: bool) -> None:
        super().__init__(id, is_last=is_last)
        self._question = question or "What do you say?"

    async def take(self, before: AgentExecutorResponse, ctx: Any) -> None:
        await ctx.request_info(Question(self._question, before), str)

    @response_handler
    async def answered(
        self,
        original_request: Question,
        response: str,
        ctx: WorkflowContext[AgentExecutorResponse, AgentResponse],
    ) -> None:
        """The caller has answered."""
        said = Message("user", [response], author_name=self.id)
        await self.tell(said, original_request.so_far, ctx)


class Function(Step):
    """An author's function of the text so far."""

    def __init__(self, id: str, function: Callable[..., Any], *, is_last: bool) -> None:
        super().__init__(id, is_last=is_last)
        self._function = function

    async def take(self, before: AgentExecutorResponse, ctx: Any) -> None:
        texts = [each.text for each in before.agent_response.messages]
        said = await self._result("\n\n".join(texts))
        await self.tell(Message("assistant", [said], author_name=self.id), before, ctx)

    async def _result(self, text: str) -> str:
        try:
            return str(await off_the_loop(self._function)(text))
        except TaskFailed:
            raise
        except Exception as error:
            told = f"the step {self.id} failed: {type(error).__name__}: {error}"[:500]
            raise TaskFailed(told, OWN_CODE) from error


class Join(Executor):
    """Waits for several steps, and tells the next one what all of them said."""

    @handler
    async def together(
        self, all_of_them: list[AgentExecutorResponse], ctx: WorkflowContext[AgentExecutorResponse]
    ) -> None:
        """Their words, in the order of the edges."""
        said = [message for each in all_of_them for message in each.agent_response.messages]
        first = all_of_them[0]
        count = len(first.agent_response.messages)
        before = first.full_conversation[:-count] if count else list(first.full_conversation)
        response = AgentResponse(messages=said)
        await ctx.send_message(AgentExecutorResponse(self.id, response, [*before, *said]))
