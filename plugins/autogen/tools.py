"""Tools and handoffs in AutoGen's form, with schemas that are made once."""

from collections.abc import Mapping
from typing import Any

from agentx_sdk.llm import AgentTool
from agentx_sdk.llm.messages import outcome_text, result_text
from autogen_agentchat.base import Handoff
from autogen_core import CancellationToken
from autogen_core.tools import BaseTool, ToolSchema
from pydantic import BaseModel

USER = "user"
NOTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
QUESTION = {
    "type": "object",
    "properties": {"question": {"type": "string", "description": "What to ask the user."}},
    "required": ["question"],
    "additionalProperties": False,
}


class ToolError(Exception):
    """What the model is told in place of a result."""


class _Tool(BaseTool[BaseModel, BaseModel]):
    """A tool whose schema is told, not worked out of annotations at every request."""

    component_config_schema = (
        BaseModel  # it is never written down: an agent is made of its configuration
    )

    def __init__(self, name: str, description: str, parameters: dict[str, Any]) -> None:
        super().__init__(BaseModel, BaseModel, name, description)
        self._told = ToolSchema(name=name, description=description, parameters=parameters)  # type: ignore[typeddict-item]

    @property
    def schema(self) -> ToolSchema:
        return self._told

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> BaseModel:
        raise NotImplementedError("AutoGen calls run_json")


class NativeTool(_Tool):
    """A tool of an agent."""

    def __init__(self, tool: AgentTool) -> None:
        super().__init__(tool.name, tool.description, tool.input_schema)
        self._tool = tool

    async def run_json(
        self,
        args: Mapping[str, Any],
        cancellation_token: CancellationToken,
        call_id: str | None = None,
    ) -> str:
        result = await self._tool.call(dict(args), call_id=call_id or "")
        if result.error:
            raise ToolError(outcome_text(result))
        return result_text(result.result)


class _HandoffTool(_Tool):
    def __init__(self, handoff: Handoff) -> None:
        asks = handoff.target == USER
        super().__init__(handoff.name, handoff.description, QUESTION if asks else NOTHING)
        self._message = handoff.message

    async def run_json(
        self,
        args: Mapping[str, Any],
        cancellation_token: CancellationToken,
        call_id: str | None = None,
    ) -> str:
        return str(args.get("question") or self._message)


class NativeHandoff(Handoff):
    """A handoff whose tool is made once. To the user it takes a question, which is the message."""

    @property
    def handoff_tool(self) -> BaseTool[BaseModel, BaseModel]:
        if "agentx" not in self.__dict__:
            self.__dict__["agentx"] = _HandoffTool(self)
        tool: BaseTool[BaseModel, BaseModel] = self.__dict__["agentx"]
        return tool


def handoff(target: str, description: str) -> NativeHandoff:
    """To a member who is described so; to `user` with a question."""
    if target == USER:
        about = "Ask the user, and wait for the answer."
        return NativeHandoff(target=USER, description=about, message="What shall I do?")
    about = f"Hand over to {target}: {description}" if description else ""
    return NativeHandoff(target=target, description=about)
