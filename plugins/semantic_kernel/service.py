"""Semantic Kernel's service of OpenAI-compatible endpoints, with what a turn wants of it."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

from agentx_sdk.llm import ModelConfig, priced
from agentx_sdk.llm.journal import key_of
from openai import AsyncOpenAI
from pydantic import PrivateAttr
from running import Run, current_run
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
)
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    StreamingChatMessageContent,
    StreamingTextContent,
)

PLACEHOLDER = "none"  # the client insists on a key


class Service(OpenAIChatCompletion):
    """Counts requests and tokens; in a turn that goes on after a question it says what it said before."""

    _model: ModelConfig = PrivateAttr()

    async def _inner_get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: Any, function_invoke_attempt: int = 0
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        run, key = current_run.get(), self._key(chat_history, settings)
        kept = _next(run, key)
        if kept is not None:
            yield [_restored(kept, function_invoke_attempt)]
            return
        _step(run)
        said: list[StreamingChatMessageContent] = []
        answers = super()._inner_get_streaming_chat_message_contents(
            chat_history, settings, function_invoke_attempt
        )
        try:
            async for messages in answers:
                self._count(run, messages)
                said += messages
                yield messages
        finally:
            await answers.aclose()
        _add(run, key, said)

    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: Any
    ) -> list[ChatMessageContent]:
        run, key = current_run.get(), self._key(chat_history, settings)
        kept = _next(run, key)
        if kept is not None:
            return [_restored(kept, 0)]
        _step(run)
        messages: list[ChatMessageContent] = await super()._inner_get_chat_message_contents(
            chat_history, settings
        )
        self._count(run, messages[:1])
        _add(run, key, messages)
        return messages

    def _key(self, history: ChatHistory, settings: Any) -> str:
        run = current_run.get()
        if run is None or not run.records:
            return ""
        messages = [each.to_dict() for each in history.messages]
        return key_of("model", self.ai_model_id, messages, getattr(settings, "tools", None))

    def _count(self, run: Run | None, messages: Sequence[ChatMessageContent]) -> None:
        """The tokens; the last piece of an answer that is streamed names them."""
        usage = messages[0].metadata.get("usage") if messages else None
        if run is not None and usage is not None:
            told = usage.prompt_tokens or 0, usage.completion_tokens or 0
            run.exchange.emit(priced(self._model, *told))


def service_of(told: ModelConfig) -> Service:
    """The shared service of a configuration."""
    client = AsyncOpenAI(
        base_url=told.base_url,
        api_key=told.api_key or PLACEHOLDER,
        timeout=told.timeout_seconds,
        max_retries=told.max_retries if told.max_retries is not None else 2,
    )
    named: dict[str, Any] = {
        "ai_model_id": told.name,
        "service_id": "model",
        "async_client": client,
    }
    made = Service(**named)
    made._model = told
    return made


def settings_of(told: ModelConfig, schema: dict[str, Any]) -> OpenAIChatPromptExecutionSettings:
    """Of every request of an agent. With a schema: the form of its answer."""
    more: dict[str, Any] = {}
    if schema:
        form = {"name": "answer", "schema": schema, "strict": False}
        more["response_format"] = {"type": "json_schema", "json_schema": form}
    return OpenAIChatPromptExecutionSettings(
        service_id="model",
        temperature=told.temperature,
        top_p=told.top_p,
        max_completion_tokens=told.max_output_tokens,
        **more,
    )


def _step(run: Run | None) -> None:
    if run is not None:
        run.exchange.step()


def _next(run: Run | None, key: str) -> Any:
    return run.journal.next(key) if run is not None and run.records else None


def _add(run: Run | None, key: str, said: Sequence[ChatMessageContent]) -> None:
    if run is None or not run.records:
        return
    calls: dict[Any, FunctionCallContent] = {}
    for call in _calls(said):
        place = call.index if call.index is not None else call.id
        calls[place] = calls[place] + call if place in calls else call
    told = [
        {"id": each.id, "name": each.name, "arguments": each.arguments} for each in calls.values()
    ]
    text = "".join(each.content or "" for each in said)
    run.journal.add(key, {"text": text, "calls": told})


def _calls(said: Sequence[ChatMessageContent]) -> Iterator[FunctionCallContent]:
    for message in said:
        yield from (item for item in message.items if isinstance(item, FunctionCallContent))


def _restored(kept: dict[str, Any], attempt: int) -> StreamingChatMessageContent:
    text = StreamingTextContent(choice_index=0, text=kept["text"])
    calls = [FunctionCallContent(index=place, **each) for place, each in enumerate(kept["calls"])]
    return StreamingChatMessageContent(
        role=AuthorRole.ASSISTANT,
        choice_index=0,
        items=[*([text] if kept["text"] else []), *calls],
        function_invoke_attempt=attempt,
    )
