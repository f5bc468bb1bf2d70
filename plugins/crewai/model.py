"""CrewAI's model of OpenAI-compatible endpoints, asked on an event loop.

CrewAI asks models in threads, where nobody can end a request. Here the thread waits, and the event
loop of the models asks: a turn that ends closes its requests at once, in the middle of a chunk too.
"""

import asyncio
import inspect
from contextvars import ContextVar
from typing import Any

from agentx_sdk.llm import ModelConfig, priced
from agentx_sdk.llm.journal import key_of
from crewai.llms.providers.openai.completion import OpenAICompletion
from crewai.types.usage_metrics import UsageMetrics
from crewai.utilities.pydantic_schema_utils import generate_model_description
from pydantic import BaseModel, PrivateAttr
from running import Run, current_run

PLACEHOLDER = "none"  # the client insists on a key
# Without CrewAI's own retries of rate limits: how often is what the model's configuration says.
ask_once = inspect.unwrap(OpenAICompletion.acall)
_shape: ContextVar[type[BaseModel] | None] = ContextVar("agentx_crewai_shape", default=None)
_has_tools: ContextVar[bool] = ContextVar("agentx_crewai_tools", default=False)


class Model(OpenAICompletion):
    """One for each model of the plugin: a new one costs tens of milliseconds."""

    _priced: ModelConfig = PrivateAttr()

    # CrewAI puts retries around these two in every subclass that does not say it has them.

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        """From a thread of CrewAI."""
        run = current_run.get()
        if run is None:  # own code, beside a turn
            return super().call(messages, *args, **kwargs)
        return run.wait(self._answer(run, messages, *args, **kwargs), run.models)

    async def acall(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        """From the turn's own event loop."""
        run = current_run.get()
        if run is None:
            return await super().acall(messages, *args, **kwargs)
        return await run.waiting(self._answer(run, messages, *args, **kwargs), run.models)

    call._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]
    acall._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]

    async def _answer(self, run: Run, messages: Any, tools: Any = None, **rest: Any) -> Any:
        """What the model says; in a turn that goes on after a question, what it said before."""
        shape = rest.get("response_model")
        key = _key(self.model, messages, tools, shape)
        kept = run.journal.next(key)
        if kept is not None:
            return _restored(kept, shape)
        run.begin_call()
        _shape.set(shape)
        _has_tools.set(bool(tools))
        shown = run.with_pictures(messages, vision=bool(self._priced.vision))
        try:
            answer = await ask_once(self, shown, tools, **rest)
        except Exception as error:
            run.failure = error
            raise
        run.journal.add(key, _kept(answer))
        if isinstance(answer, str):
            run.answered(answer, rest.get("from_task"), rest.get("from_agent"))
        return answer

    def _effective_stream(self) -> bool | None:
        """Of the responses API CrewAI loses calls of tools when they are streamed."""
        if _has_tools.get() and self.api == "responses":
            return False
        return super()._effective_stream()

    def _prepare_completion_params(self, messages: Any, tools: Any = None) -> dict[str, Any]:
        """With the form of the answer, which CrewAI leaves out of requests that are streamed."""
        params = super()._prepare_completion_params(messages, tools)
        if (shape := _shape.get()) is not None:
            params["response_format"] = generate_model_description(shape)
        return params

    def _emit_stream_chunk_event(
        self,
        chunk: str,
        from_task: Any = None,
        from_agent: Any = None,
        tool_call: dict[str, Any] | None = None,
        *rest: Any,
        **more: Any,
    ) -> None:
        run = current_run.get()
        if run is not None and chunk and not tool_call:
            run.heard(chunk, from_task, from_agent)
        super()._emit_stream_chunk_event(chunk, from_task, from_agent, tool_call, *rest, **more)

    def _track_token_usage_internal(self, usage_data: dict[str, Any]) -> None:
        super()._track_token_usage_internal(usage_data)
        run, told = current_run.get(), UsageMetrics.from_provider_dict(usage_data)
        if run is not None and told is not None:
            used = priced(self._priced, told.prompt_tokens, told.completion_tokens)
            run.exchange.emit_from_thread(used)


def model_of(told: ModelConfig) -> Model:
    """The shared model of a configuration. It streams always: so a turn that ends is heard of at once."""
    made = Model(
        model=told.name,
        base_url=told.base_url,
        api_key=told.api_key or PLACEHOLDER,
        api="responses" if told.api == "responses" else "completions",
        temperature=told.temperature,
        top_p=told.top_p,
        max_completion_tokens=told.max_output_tokens,
        timeout=told.timeout_seconds,
        max_retries=told.max_retries if told.max_retries is not None else 2,
        stream=True,
    )
    made._priced = told
    return made


async def close(model: Model, loop: asyncio.AbstractEventLoop) -> None:
    """Let its connections go, on the event loop that made them."""
    closing = asyncio.run_coroutine_threadsafe(model._get_async_client().close(), loop)
    await asyncio.wrap_future(closing)


def _key(model: str, messages: Any, tools: Any, shape: Any) -> str:
    """The same for the same question."""
    names = [each.get("function", each).get("name") for each in tools or ()]
    return key_of("model", model, messages, names, getattr(shape, "__name__", ""))


def _kept(answer: Any) -> dict[str, Any]:
    if isinstance(answer, BaseModel):
        return {"json": answer.model_dump_json()}
    if isinstance(answer, list):
        calls = [
            each.model_dump() if isinstance(each, BaseModel) else dict(each) for each in answer
        ]
        return {"calls": calls}
    return {"text": answer}


def _restored(kept: dict[str, Any], shape: Any) -> Any:
    if "json" in kept:
        return shape.model_validate_json(kept["json"])
    return kept.get("calls", kept.get("text"))
