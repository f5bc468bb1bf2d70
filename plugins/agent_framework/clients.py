"""The framework's chat clients, one for each model: they count what a turn uses."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from agent_framework import ChatResponse, ChatResponseUpdate, Message, ResponseStream
from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
from agentx_sdk.llm import ModelConfig, current_exchange, priced
from openai import AsyncOpenAI

# Of the framework's own loop, which stops without a word. The agent's limit comes before it.
MOST_REQUESTS = 1000


class _Counted:
    """Its requests count against the turn that makes them, whichever agent makes them."""

    told: ModelConfig

    def _inner_get_response(
        self, *, messages: Sequence[Message], stream: bool, options: Mapping[str, Any], **more: Any
    ) -> Any:
        exchange = current_exchange.get()
        if exchange is not None:
            exchange.step()
        response = super()._inner_get_response(  # type: ignore[misc]
            messages=messages, stream=stream, options=options, **more
        )
        if isinstance(response, ResponseStream):
            return response.with_transform_hook(self._count_update)
        return self._counted(response)

    async def _counted(self, response: Awaitable[ChatResponse]) -> ChatResponse:
        done = await response
        self._count(done.usage_details)
        return done

    def _count_update(self, update: ChatResponseUpdate) -> ChatResponseUpdate:
        for content in update.contents:
            if content.type == "usage":
                self._count(content.usage_details)
        return update

    def _count(self, used: Mapping[str, Any] | None) -> None:
        exchange = current_exchange.get()
        if exchange is not None and used:
            read, written = used.get("input_token_count"), used.get("output_token_count")
            exchange.emit(priced(self.told, read or 0, written or 0))


class ChatClient(_Counted, OpenAIChatCompletionClient):  # type: ignore[misc]
    """Chat completions."""


class ResponsesClient(_Counted, OpenAIChatClient):  # type: ignore[misc]
    """The responses API."""


def together(message: Message, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A message of a user with pictures as one message: the framework makes one of each of its parts."""
    if message.role != "user" or len(told) < 2:
        return told
    content = [part for each in told for part in _parts(each.get("content") or "")]
    return [{**told[0], "content": content}]


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def connected(model: ModelConfig) -> ChatClient | ResponsesClient:
    """The client of a model, by its `api`."""
    openai = AsyncOpenAI(
        base_url=model.base_url,
        api_key=model.api_key or "none",
        timeout=model.timeout_seconds,
        max_retries=model.max_retries or 0,
    )
    client: ChatClient | ResponsesClient
    if model.api == "responses":
        client = ResponsesClient(model=model.name, async_client=openai)
    else:
        client = ChatClient(model=model.name, async_client=openai, message_preparer=together)
    client.told = model
    client.function_invocation_configuration["max_iterations"] = MOST_REQUESTS
    return client


def options_of(model: ModelConfig, schema: Mapping[str, Any]) -> Any:
    """What every request of an agent says beside its messages and tools."""
    told: dict[str, Any] = {
        "temperature": model.temperature,
        "top_p": model.top_p,
        "max_tokens": model.max_output_tokens,
    }
    if model.api == "responses":
        told["store"] = False  # AgentX keeps conversations
    if schema:
        shape = {"name": "answer", "schema": dict(schema)}
        told["response_format"] = {"type": "json_schema", "json_schema": shape}
    return {name: value for name, value in told.items() if value is not None}
