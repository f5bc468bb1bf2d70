"""LangChain's middleware from configuration. The order matters: the first is the outermost."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from agentx_sdk import ConfigError
from agentx_sdk.llm import AgentTool, ModelConfig
from config import AgentConfig, MiddlewareConfig, RedactionConfig, SummaryConfig
from langchain.agents.middleware import (
    AgentMiddleware,
    ClearToolUsesEdit,
    ContextEditingMiddleware,
    HumanInTheLoopMiddleware,
    LLMToolSelectorMiddleware,
    ModelCallLimitMiddleware,
    ModelFallbackMiddleware,
    PIIMiddleware,
    SummarizationMiddleware,
    TodoListMiddleware,
    ToolCallLimitMiddleware,
    ToolRetryMiddleware,
)

# A model by what the configuration says of it, and where that stands.
Client = Callable[[str | ModelConfig, str], Awaitable[Any]]
Own = Callable[[str, str], Awaitable[Any]]  # own code, the same way


async def middleware_of(
    spec: AgentConfig, tools: list[AgentTool], client: Client, own: Own
) -> list[AgentMiddleware[Any, Any]]:
    """All that the agent's configuration asks for. Raises `ConfigError`."""
    told = spec.middleware
    _check_names(told, {tool.name for tool in tools})
    return [
        *(_redaction(each, f"middleware.redact.{n}") for n, each in enumerate(told.redact)),
        *await _around_models(spec, client),
        *_limits(told),
        *_around_tools(told),
        *(TodoListMiddleware() for _ in range(told.todo)),
        *[await _own(each, own, n) for n, each in enumerate(told.code)],
    ]


async def _around_models(spec: AgentConfig, client: Client) -> list[AgentMiddleware[Any, Any]]:
    told, found = spec.middleware, list[AgentMiddleware[Any, Any]]()
    if told.summary is not None:
        model = await client(told.summary.model or spec.model, "middleware.summary.model")
        found.append(_summary(told.summary, model))
    if told.clear_tool_results is not None:
        clear = told.clear_tool_results
        edit = ClearToolUsesEdit(trigger=clear.after_tokens, keep=clear.keep)
        found.append(ContextEditingMiddleware(edits=[edit]))
    if told.select_tools is not None:
        select = told.select_tools
        model = await client(select.model or spec.model, "middleware.select_tools.model")
        found.append(
            LLMToolSelectorMiddleware(
                model=model, max_tools=select.most, always_include=select.always
            )
        )
    if told.fallback_models:
        path = "middleware.fallback_models"
        models = [await client(each, f"{path}.{n}") for n, each in enumerate(told.fallback_models)]
        found.append(ModelFallbackMiddleware(*models))
    return found


def _summary(told: SummaryConfig, model: Any) -> SummarizationMiddleware:
    triggers: list[Any] = [("messages", told.after_messages)]
    if told.after_tokens is not None:
        triggers.append(("tokens", told.after_tokens))
    return SummarizationMiddleware(
        model=model, trigger=triggers, keep=("messages", told.keep_messages)
    )


def _limits(told: MiddlewareConfig) -> Iterator[AgentMiddleware[Any, Any]]:
    if (calls := told.model_calls) is not None and (calls.per_turn or calls.per_conversation):
        yield ModelCallLimitMiddleware(
            thread_limit=calls.per_conversation, run_limit=calls.per_turn, exit_behavior=calls.then
        )
    for each in told.tool_calls:
        if each.per_turn or each.per_conversation:
            yield ToolCallLimitMiddleware(
                tool_name=each.tool or None,
                thread_limit=each.per_conversation,
                run_limit=each.per_turn,
                exit_behavior=each.then,
            )


def _around_tools(told: MiddlewareConfig) -> Iterator[AgentMiddleware[Any, Any]]:
    if told.approvals:
        yield HumanInTheLoopMiddleware(
            interrupt_on={
                each.tool: {
                    "allowed_decisions": list(each.decisions),
                    "description": each.question or f"May I use {each.tool}?",
                }
                for each in told.approvals
            }
        )
    if told.retries is not None:
        yield ToolRetryMiddleware(
            max_retries=told.retries.attempts,
            tools=list(told.retries.tools) or None,
            initial_delay=told.retries.delay_seconds,
            on_failure="continue",
        )


def _redaction(told: RedactionConfig, path: str) -> PIIMiddleware:
    try:
        return PIIMiddleware(
            told.kind,
            strategy=told.strategy,
            detector=told.pattern or None,
            apply_to_input=told.input,
            apply_to_output=told.output,
            apply_to_tool_results=told.tool_results,
        )
    except ValueError as error:
        raise ConfigError(str(error), {path: str(error)}) from error


async def _own(told: str, own: Own, place: int) -> AgentMiddleware[Any, Any]:
    path = f"middleware.code.{place}"
    found = await own(told, path)
    found = found() if isinstance(found, type) and issubclass(found, AgentMiddleware) else found
    if not isinstance(found, AgentMiddleware):
        why = f"{told} is not middleware of LangChain"
        raise ConfigError(why, {path: why})
    return found


def _check_names(told: MiddlewareConfig, known: set[str]) -> None:
    """Who approves calls of a tool that is not there approves nothing."""
    lists = {
        "approvals": [each.tool for each in told.approvals],
        "tool_calls": [each.tool for each in told.tool_calls if each.tool],
        "retries": told.retries.tools if told.retries is not None else [],
        "select_tools": told.select_tools.always if told.select_tools is not None else [],
    }
    for name, tools in lists.items():
        for tool in tools:
            if tool not in known:
                why = f"the agent has no tool {tool!r}: {', '.join(sorted(known)) or 'none'}"
                raise ConfigError(why, {f"middleware.{name}": why})
