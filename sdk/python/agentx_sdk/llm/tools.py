"""The tools of an agent: built in, its author's own functions, and other agents of AgentX."""

import asyncio
import functools
import inspect
import json
import re
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from agentx_sdk.content import ToolCall, ToolResult
from agentx_sdk.errors import ConfigError, TaskFailed
from agentx_sdk.llm import builtin, own_code
from agentx_sdk.llm.config import LimitsConfig, ToolConfig
from agentx_sdk.llm.exchange import Exchange, current_exchange
from agentx_sdk.llm.messages import outcome_text
from agentx_sdk.llm.remote import reply_of
from agentx_sdk.llm.threads import in_thread
from agentx_sdk.tool import Tool, as_tool
from agentx_sdk.turn import Agent

MESSAGE_SCHEMA = {
    "type": "object",
    "properties": {"message": {"type": "string", "description": "What to say to the agent."}},
    "required": ["message"],
    "additionalProperties": False,
}


class AgentTool:
    """A tool as an agent has it: with limits, seen by who follows the task. Same in every framework."""

    def __init__(self, tool: Tool, limits: LimitsConfig) -> None:
        self.tool = tool
        self.name = tool.name
        self.description = tool.description
        self.input_schema = tool.input_schema
        self._limits = limits

    async def answer(
        self, arguments: dict[str, Any], *, call_id: str = "", exchange: Exchange | None = None
    ) -> str:
        """What the model is told: the result, or why there is none. Never raises but when it is cancelled.

        `exchange`: the turn it is called in, where no context variable says so (another thread).
        """
        result = await self.call(arguments, call_id=call_id, exchange=exchange)
        return outcome_text(result)

    async def call(
        self, arguments: dict[str, Any], *, call_id: str = "", exchange: Exchange | None = None
    ) -> ToolResult:
        """Call it and show that: a `ToolCall`, and its `ToolResult` with a result or an error."""
        exchange = exchange or current_exchange.get()
        call = ToolCall(call_id or f"call_{uuid.uuid4().hex[:12]}", self.name, arguments)
        if exchange is not None:
            exchange.emit(call)
        result = await self._outcome(call, exchange)
        if exchange is not None:
            exchange.emit(result)
        return result

    def answer_from_thread(self, arguments: dict[str, Any], exchange: Exchange) -> str:
        """`answer` for a framework that calls tools in threads."""
        answering = self.answer(arguments, exchange=exchange)
        return asyncio.run_coroutine_threadsafe(answering, exchange.loop).result()

    async def _outcome(self, call: ToolCall, exchange: Exchange | None) -> ToolResult:
        token = current_exchange.set(exchange)
        agent = exchange.turn.agent if exchange is not None else None
        try:
            return await outcome(call, self.tool.call(call.arguments, agent), self._limits)
        finally:
            current_exchange.reset(token)


async def outcome(
    call: ToolCall, work: Coroutine[Any, Any, Any], limits: LimitsConfig
) -> ToolResult:
    """What comes of a call within an agent's limits: a result, or in words why there is none.

    Raises nothing, unless it is cancelled.
    """
    seconds = limits.tool_seconds
    try:
        value = await _within(work, seconds)
    except _TooLong:
        return ToolResult(call.id, call.name, error=f"it did not return within {seconds:g} s")
    except TaskFailed as failed:
        return ToolResult(call.id, call.name, error=failed.reason)
    except Exception as error:
        return ToolResult(call.id, call.name, error=f"{type(error).__name__}: {error}"[:2000])
    return ToolResult(call.id, call.name, _bounded(value, limits.tool_result_bytes))


def tools_of(
    told: Sequence[str | ToolConfig],
    limits: LimitsConfig,
    folders: Sequence[str] = (),
    path: str = "tools",
) -> list[AgentTool]:
    """The tools that a configuration names. Raises `ConfigError`, by dotted path."""
    found: dict[str, AgentTool] = {}
    for place, each in enumerate(told):
        tool = AgentTool(_tool(each, folders, f"{path}.{place}"), limits)
        if tool.name in found:
            why = f"there are two tools named {tool.name!r}: give one another name"
            raise ConfigError(why, {f"{path}.{place}": why})
        found[tool.name] = tool
    return list(found.values())


def _tool(told: str | ToolConfig, folders: Sequence[str], path: str) -> Tool:
    if isinstance(told, str):
        return _built_in(told, path)
    if bool(told.agent) == bool(told.code):
        raise ConfigError("a tool is an agent or code", {path: "needs one of agent and code"})
    tool = _agent(told) if told.agent else _own(told, folders, path)
    return replace(
        tool, name=told.name or tool.name, description=told.description or tool.description
    )


def _built_in(name: str, path: str) -> Tool:
    if name not in builtin.TOOLS:
        known = ", ".join(sorted(builtin.TOOLS))
        raise ConfigError(f"there is no tool {name!r}: {known}", {path: f"must be one of {known}"})
    return as_tool(builtin.TOOLS[name])


def _own(told: ToolConfig, folders: Sequence[str], path: str) -> Tool:
    found = own_code.loaded(told.code, folders, f"{path}.code")
    if isinstance(found, Tool):
        return found
    if not callable(found):
        why = f"{told.code} is not a function"
        raise ConfigError(why, {f"{path}.code": why})
    tool = as_tool(found)
    return replace(tool, run=off_the_loop(found))


def off_the_loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine function that does the same; a plain function runs in a thread of its own."""
    if inspect.iscoroutinefunction(function):
        return function

    @functools.wraps(function)
    async def run(*args: Any, **arguments: Any) -> Any:
        result = await in_thread(function, *args, **arguments)
        return await result if inspect.isawaitable(result) else result

    return run


def _agent(told: ToolConfig) -> Tool:
    """Another agent: it is asked by A2A through AgentX, in the caller's name."""

    async def ask(message: str, agent: Agent | None = None) -> Any:
        exchange = current_exchange.get()
        if exchange is None:
            raise TaskFailed("an agent is asked only while a message is answered")
        task_id = exchange.asked.pop(told.agent, "")
        reply = await exchange.remote.ask(exchange.turn, told.agent, message, task_id=task_id)
        if reply.waits:
            exchange.asked[told.agent] = reply.task_id
        return reply_of(reply)

    name = told.name or re.sub(r"[^A-Za-z0-9_]", "_", f"ask_{told.agent}")
    about = f"Ask the agent {told.agent}; it answers in words."
    return Tool(name=name, run=ask, description=about, input_schema=MESSAGE_SCHEMA)


class _TooLong(Exception):
    """A tool's time is over."""


async def _within(call: Coroutine[Any, Any, Any], seconds: float) -> Any:
    """Not wait_for, which waits for ever for a tool that swallows its cancellation. Raises `_TooLong`."""
    work = asyncio.ensure_future(call)
    try:
        await asyncio.wait({work}, timeout=seconds)
    except asyncio.CancelledError:
        work.cancel()
        raise
    if work.done():
        return work.result()
    work.cancel()
    raise _TooLong


def _bounded(value: Any, most: int) -> Any:
    """The value; its beginning, and a word that it is no more, where it is too large."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text.encode()) <= most:
        return value if isinstance(value, str) else json.loads(text)
    return text.encode()[:most].decode(errors="ignore") + f" … (cut at {most} bytes)"
