"""AgentX's tools as CrewAI's: called from CrewAI's threads, run on the plugin's event loop."""

from collections.abc import Sequence
from typing import Any

from agentx_sdk.llm import AgentTool
from agentx_sdk.llm.journal import key_of
from crewai.tools import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema
from pydantic import PrivateAttr
from running import Stopped, current_run


class CrewTool(BaseTool):
    """One tool. What fails in it is told to the model in words."""

    _tool: AgentTool = PrivateAttr()

    def _run(self, **arguments: Any) -> str:
        run = current_run.get()
        if run is None:
            raise Stopped  # a tool belongs to a turn
        given = _given(arguments, self._tool.input_schema)
        key = key_of("tool", self.name, given)
        kept = run.journal.next(key)
        if kept is None:
            kept = run.wait(self._tool.answer(given, exchange=run.exchange), run.exchange.loop)
            run.journal.add(key, kept)
        return str(kept)


def native_tools(tools: Sequence[AgentTool]) -> list[BaseTool]:
    """In CrewAI's form."""
    return [_native(each) for each in tools]


def _native(tool: AgentTool) -> BaseTool:
    made = CrewTool(
        name=tool.name,
        description=tool.description or tool.name,
        args_schema=create_model_from_schema(
            tool.input_schema, model_name=f"{tool.name}_arguments"
        ),
    )
    made._tool = tool
    return made


def _given(arguments: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Without what was left out: CrewAI has models fill in null for it."""
    needed = schema.get("required") or ()
    return {name: value for name, value in arguments.items() if value is not None or name in needed}
