"""A model in LangChain's form."""

from typing import Any

from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient
from pydantic import SecretStr

from agentx_sdk.llm.config import ModelConfig

NO_KEY = "none"  # endpoints without a key take any
ABOUT = "agentx_model"  # in the metadata of its runs


def chat_model(model: ModelConfig) -> ChatOpenAI:
    """The client of a whole model (`LLMAdapter.model`). It says of itself what counting its tokens needs."""
    told: dict[str, Any] = {
        "temperature": model.temperature,
        "top_p": model.top_p,
        "max_completion_tokens": model.max_output_tokens,
    }
    return ChatOpenAI(
        model=model.name,
        base_url=model.base_url,
        api_key=SecretStr(model.api_key or NO_KEY),
        timeout=model.timeout_seconds,
        max_retries=model.max_retries if model.max_retries is not None else 2,
        stream_usage=True,
        use_responses_api=model.api == "responses",
        # Its own: LangChain's is one for the process, and belongs to the event loop that used it first.
        http_async_client=DefaultAsyncHttpxClient(base_url=model.base_url),
        metadata={ABOUT: _about(model)},
        **{name: value for name, value in told.items() if value is not None},
    )


async def close(model: ChatOpenAI) -> None:
    """Let its connections go."""
    client = model.http_async_client
    if client is not None:
        await client.aclose()


def _about(model: ModelConfig) -> dict[str, Any]:
    return {
        "name": model.name,
        "input_price": model.input_price,
        "output_price": model.output_price,
        "currency": model.currency,
    }
