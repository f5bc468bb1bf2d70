"""The kit's tools in LangChain's form."""

from collections.abc import Collection, Sequence
from contextvars import ContextVar
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, ToolException

from agentx_sdk.content import ToolResult
from agentx_sdk.llm.messages import outcome_text
from agentx_sdk.llm.tools import AgentTool

_call_id: ContextVar[str] = ContextVar("agentx_langchain_call", default="")


class NativeTool(BaseTool):
    """It shows itself when it is called, by the kit; so a graph need not show it again."""

    kit: Any  # AgentTool
    response_format: Any = "content_and_artifact"

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """As `BaseTool` does it, and the id of the call is known on the way."""
        token = _call_id.set((input.get("id") or "") if isinstance(input, dict) else "")
        try:
            return await super().ainvoke(input, config, **kwargs)
        finally:
            _call_id.reset(token)

    async def _arun(self, **arguments: Any) -> tuple[str, Any]:
        result = await self.kit.call(arguments, call_id=_call_id.get())
        if result.error:  # becomes an error that the model reads, unless somebody tries again
            raise ToolException(outcome_text(result))
        return outcome_text(result), _beside(result)

    def _run(self, **arguments: Any) -> tuple[str, Any]:
        raise NotImplementedError("the tools of an agent are asynchronous: use ainvoke")


def native_tools(tools: Sequence[AgentTool], raising: Collection[str] = ()) -> list[BaseTool]:
    """`raising`: names of those whose failures are exceptions, for whoever tries them again."""
    return [native_tool(each, raises=each.name in raising) for each in tools]


def native_tool(tool: AgentTool, *, raises: bool = False) -> BaseTool:
    """When it fails, the model reads why, unless `raises`."""
    return NativeTool(
        name=tool.name,
        description=tool.description or tool.name,
        args_schema=tool.input_schema,
        kit=tool,
        handle_tool_error=not raises,
    )


def _beside(result: ToolResult) -> Any:
    """A result that is no text, for programs."""
    return None if isinstance(result.result, str) else result.result
