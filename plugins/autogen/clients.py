"""AutoGen's model client, shared by all turns: it counts what a turn uses, and keeps why it failed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from agentx_sdk import ConfigError
from agentx_sdk.llm import ModelConfig, current_exchange, priced
from autogen_core import CancellationToken
from autogen_core.models import CreateResult, ModelFamily, ModelInfo
from autogen_ext.models.openai import OpenAIChatCompletionClient
from autogen_ext.models.openai import _model_info as known_models
from openai.types.chat import ChatCompletionChunk


@dataclass
class Watch:
    """What happened to the models in one turn."""

    failure: Exception | None = None  # a team hands on the words of an error, not the error
    requests: int = 0


watching: ContextVar[Watch | None] = ContextVar("agentx_autogen_watch", default=None)


class Client(OpenAIChatCompletionClient):
    """Of one model. Its requests count against the turn that makes them, whoever in a team makes them."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__(**_options(model))
        self._told = model
        self._resolved_model = None  # else it warns of endpoints that call a model otherwise

    def shaped(self, schema: dict[str, Any]) -> "Client":
        """The same client, whose answers fit the JSON Schema."""
        shape = {"name": "answer", "schema": schema}
        other = Client.__new__(Client)
        other.__dict__.update(self.__dict__)
        other._create_args = {
            **self._create_args,
            "response_format": {"type": "json_schema", "json_schema": shape},
        }
        return other

    async def create(self, *args: Any, **options: Any) -> CreateResult:
        watch = _begun()
        try:
            result = await super().create(*args, **options)
        except Exception as error:
            watch.failure = error
            raise
        self._count(result)
        return result

    async def create_stream(
        self, *args: Any, **options: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        watch = _begun()
        try:
            async for piece in super().create_stream(*args, **{**options, "include_usage": True}):
                if isinstance(piece, CreateResult):
                    self._count(piece)
                yield piece
        except Exception as error:
            watch.failure = error
            raise

    async def _create_stream_chunks(
        self,
        tool_params: list[Any],
        oai_messages: list[Any],
        create_args: dict[str, Any],
        cancellation_token: CancellationToken | None,
    ) -> AsyncGenerator[ChatCompletionChunk, None]:
        """AutoGen's own leaves the response open when it is cancelled between two pieces of it."""
        token = cancellation_token or CancellationToken()
        tools = {"tools": tool_params} if tool_params else {}
        create: Any = self._client.chat.completions.create
        asking = create(messages=oai_messages, stream=True, **tools, **create_args)
        async with await _linked(asking, token) as stream:
            pieces = aiter(stream)
            while (piece := await _linked(anext(pieces, None), token)) is not None:
                yield piece

    def _count(self, result: CreateResult) -> None:
        exchange = current_exchange.get()
        if exchange is not None:
            used = result.usage
            exchange.emit(priced(self._told, used.prompt_tokens, used.completion_tokens))


async def _linked(waiting: Awaitable[Any], token: CancellationToken) -> Any:
    """What it gives, unless the token is cancelled before."""
    future = asyncio.ensure_future(waiting)
    token.link_future(future)
    return await future


def _begun() -> Watch:
    """A request begins. Raises `TaskFailed` when the turn made as many as it may."""
    watch, exchange = watching.get() or Watch(), current_exchange.get()
    watch.requests += 1
    if exchange is not None:
        try:
            exchange.step()
        except Exception as error:
            watch.failure = error
            raise
    return watch


def _options(model: ModelConfig) -> dict[str, Any]:
    if model.api == "responses":
        why = "AutoGen's client speaks chat completions only"
        raise ConfigError(why, {"model.api": why})
    told = {
        "temperature": model.temperature,
        "top_p": model.top_p,
        "max_tokens": model.max_output_tokens,
    }
    return {
        "model": model.name,
        "base_url": model.base_url,
        "api_key": model.api_key or "none",
        "timeout": model.timeout_seconds,
        "max_retries": model.max_retries,
        "model_info": _info(model),
        **{name: value for name, value in told.items() if value is not None},
    }


def _info(model: ModelConfig) -> ModelInfo:
    """What AutoGen must know of a model, whether or not it has heard its name."""
    try:
        family = known_models.get_info(model.name)["family"]
    except (KeyError, ValueError):
        family = ModelFamily.UNKNOWN
    return ModelInfo(
        vision=bool(model.vision),
        function_calling=True,
        json_output=True,
        structured_output=True,
        family=family,
        multiple_system_messages=True,
    )
