"""Who answers: assistants, and people who are asked. Made anew for every turn, from what was looked up once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, HandoffMessage
from autogen_core import CancellationToken
from autogen_core.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from autogen_core.models import LLMMessage
from clients import Client
from tools import USER, NativeHandoff, NativeTool

QUESTION = "What do you say?"


class Person(BaseChatAgent):
    """When it is this member's turn, the caller is asked, and the task waits for the answer."""

    def __init__(self, name: str, description: str = "", question: str = "") -> None:
        super().__init__(name, description or "A person.")
        self._question = question or QUESTION

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (HandoffMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        asked = HandoffMessage(content=self._question, target=USER, source=self.name)
        return Response(chat_message=asked)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """It keeps nothing."""


@dataclass(frozen=True)
class PersonRecipe:
    """What a person is made of."""

    name: str
    description: str
    question: str

    def made(self) -> Person:
        return Person(self.name, self.description, self.question)


@dataclass(frozen=True)
class AssistantRecipe:
    """What an assistant is made of."""

    name: str
    client: Client
    instructions: str
    max_steps: int
    description: str = ""
    tools: Sequence[NativeTool] = ()
    handoffs: Sequence[NativeHandoff] = field(default=())

    def made(self, history: Sequence[LLMMessage] = ()) -> AssistantAgent:
        """One that has heard `history`."""
        context: ChatCompletionContext = UnboundedChatCompletionContext(list(history))
        return AssistantAgent(
            self.name,
            self.client,
            tools=list(self.tools),
            handoffs=list(self.handoffs),
            model_context=context,
            description=self.description or "An assistant.",
            system_message=self.instructions or None,
            model_client_stream=True,
            # One more than the agent's limit, which ends the turn and says so; AutoGen would just stop.
            max_tool_iterations=self.max_steps + 1,
        )


Recipe = AssistantRecipe | PersonRecipe
