"""Tools in the framework's form."""

from collections.abc import Callable, Sequence
from typing import Any

from agent_framework import FunctionInvocationContext, FunctionTool
from agentx_sdk import ConfigError
from agentx_sdk.llm import AgentTool

ALL = "*"
CALL_ID = "call_id"


def native_tools(
    tools: Sequence[AgentTool], approvals: Sequence[str], path: str
) -> list[FunctionTool]:
    """Those in `approvals` wait for a person. Raises `ConfigError` for one that is not there."""
    names = {tool.name for tool in tools}
    for place, name in enumerate(approvals):
        if name != ALL and name not in names:
            why = f"{name!r} is not one of its tools"
            raise ConfigError(why, {f"{path}.{place}": why})
    return [_native(tool, ALL in approvals or tool.name in approvals) for tool in tools]


def _native(tool: AgentTool, asks: bool) -> FunctionTool:
    return FunctionTool(
        name=tool.name,
        description=tool.description,
        approval_mode="always_require" if asks else "never_require",
        func=_call(tool),
        input_model=tool.input_schema,
    )


def _call(tool: AgentTool) -> Callable[..., Any]:
    async def call(ctx: FunctionInvocationContext, **arguments: Any) -> str:
        call_id = str((ctx.metadata or {}).get(CALL_ID) or "")
        return await tool.answer(arguments, call_id=call_id)

    return call
