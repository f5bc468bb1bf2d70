"""Part 2: tools."""

import json

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.bench import Bench, json_object, refused
from agentx_sdk.conformance.check import Skipped, check, expect, same


@check("tools.listed", "2.4")
async def listed(at: Bench) -> None:
    """each tool has a name of its own and a JSON Schema"""
    names = [tool.name for tool in await _tools(at)]
    same(len(set(names)), len(names), "the number of names")
    for tool in await _tools(at):
        schema = json_object(tool.input_schema, f"input_schema of {tool.name}")
        same(schema.get("type"), "object", f"the type in input_schema of {tool.name}")
        json_object(tool.output_schema, f"output_schema of {tool.name}")


@check("tools.unknown", "2.6")
async def unknown(at: Bench) -> None:
    """a tool that is not there is NOT_FOUND"""
    request = pb.ExecuteToolRequest(tool_name="no-tool-of-that-name", agent_id=_agent(at))
    await refused(at.plugin.call("ExecuteTool", request), "NOT_FOUND", "an unknown tool")


@check("tools.arguments", "2.4")
async def arguments(at: Bench) -> None:
    """a tool that needs arguments refuses to run without"""
    for tool in await _tools(at):
        if json_object(tool.input_schema, "input_schema").get("required"):
            answer = await _execute(at, tool.name, "{}")
            same(answer.success, False, f"success of {tool.name} without arguments")
            expect(answer.error, f"{tool.name} does not say what is missing")
            return
    raise Skipped("no tool needs arguments")


@check("tools.bad_json", "2.3")
async def bad_json(at: Bench) -> None:
    """arguments that are no JSON object are an error of that call"""
    answer = await _execute(at, (await _tools(at))[0].name, "[1")
    same(answer.success, False, "success with the arguments `[1`")


@check("tools.run", "2.4")
async def run(at: Bench) -> None:
    """a tool runs, and its result is JSON"""
    case = at.cases.raw("tool")
    answer = await _execute(at, case["name"], json.dumps(case.get("arguments", {})))
    expect(answer.success, f"{case['name']} failed: {answer.error}")
    json.loads(answer.result_json)


async def _tools(at: Bench) -> list[pb.Tool]:
    request = pb.ListToolsRequest(agent_id=_agent(at))
    tools = list((await at.plugin.call("ListTools", request)).tools)
    if not tools:
        raise Skipped("it has no tools")
    return tools


async def _execute(at: Bench, name: str, text: str) -> pb.ExecuteToolResponse:
    request = pb.ExecuteToolRequest(tool_name=name, arguments_json=text, agent_id=_agent(at))
    answer = await at.plugin.call("ExecuteTool", request, at.patience)
    assert isinstance(answer, pb.ExecuteToolResponse)
    return answer


def _agent(at: Bench) -> str:
    """Some plugins have tools for each agent."""
    return next(iter(at.plugin.agents), "")
