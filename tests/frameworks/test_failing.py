"""What a caller is told when the model, a tool or the configuration fails; the process lives on through all of it."""

import asyncio
import time

import pytest
from agentx_sdk._wire import agentx_plugin_pb2 as pb

from tests.frameworks.frameworks import OWN, agent, created, every, model

pytestmark = [pytest.mark.asyncio(loop_scope="module"), every]
CLOSED = "http://127.0.0.1:1/v1"  # where nobody listens


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ("!status 401", "model_unauthorized", "refused the key (401)"),
        ("!status 403", "model_unauthorized", "refused the key (403)"),
        ("!status 404", "model_not_found", "does not have this model"),
        ("!status 429", "model_rate_limited", "try again in 7 s"),
        ("!status 500", "model_failed", "failed (500)"),
        ("!status 400", "model_refused", "refused the request (400)"),
        ("!context", "context_too_long", "too long for the model"),
    ],
)
async def test_a_model_that_refuses(framework, plugin, order, code, words):
    for answer in (await plugin.send(order), await plugin.stream_all(order)):
        assert (answer.state, answer.error_code) == ("failed", code)
        assert words in answer.error
        retry = answer.failure.get("retryAfterSeconds")
        assert retry == (7 if code == "model_rate_limited" else None)
    assert (await plugin.send("hello")).text == "You said: hello"


async def test_a_request_that_fails_is_made_again_as_often_as_configured(framework, plugin, stub):
    async with agent(plugin, "patient", {"model": model(stub, max_retries=1)}):
        mark = stub.mark()
        answer = await plugin.send("!status 500 once", agent="patient")
        statuses = [request["status"] for request in stub.requests(mark)]
    assert (answer.state, statuses) == ("completed", [500, 200])
    mark = stub.mark()
    assert (await plugin.send("!status 500")).state == "failed"
    assert len(stub.requests(mark)) == 1  # and not by the framework itself


async def test_a_model_that_does_not_answer(framework, plugin, stub):
    async with agent(plugin, "hurried", {"model": model(stub, timeout_seconds=1)}):
        mark = stub.mark()
        for order in ("!hang", "!stall !words 9"):
            answer = await plugin.send(order, agent="hurried")
            assert (answer.state, answer.error_code) == ("failed", "model_timeout"), order
        for request in stub.requests(mark):
            assert (await stub.ended(request))["left"]


async def test_a_model_that_is_not_there(framework, plugin, stub):
    async with agent(plugin, "lost", {"model": model(stub, base_url=CLOSED)}):
        answer = await plugin.send("hello", agent="lost")
    assert (answer.state, answer.error_code) == ("failed", "model_unreachable")


async def test_a_connection_that_breaks_in_the_midst(framework, plugin):
    answer = await plugin.stream_all("!break !words 9")
    assert (answer.state, answer.error_code) == ("failed", "model_unreachable")


async def test_an_unknown_model_and_a_wrong_key(framework, plugin, stub):
    async with agent(plugin, "unknown", {"model": model(stub, name="gpt-none")}):
        answer = await plugin.send("hello", agent="unknown")
    assert (answer.error_code, "gpt-none" in answer.error) == ("model_not_found", True)
    async with agent(plugin, "locked", {"model": model(stub, api_key="wrong")}):
        answer = await plugin.send("hello", agent="locked")
        told = await plugin.call("GetConfig", pb.GetConfigRequest(agent_id="locked"))
    assert answer.error_code == "model_unauthorized"
    assert "wrong" not in told.config_json


async def test_an_answer_that_is_not_of_its_shape(framework, plugin):
    framework.need("answers without form")
    shape = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    async with agent(plugin, "shaped", {"output_schema": shape}):
        for answer in (
            await plugin.send("!words 3", agent="shaped"),
            await plugin.stream_all("!words 3", agent="shaped"),
        ):
            assert (answer.state, answer.error_code) == ("failed", "output_invalid"), answer.error


async def test_a_failed_turn_leaves_the_conversation_as_it_was(framework, plugin):
    say = {"context_id": "with-failures"}
    await plugin.send("my name is Ann", **say)
    await plugin.send("my name is Bo !status 500", **say)
    assert (await plugin.send("what is my name", **say)).text == "Your name is Ann."


# ---- Tools


async def test_a_tool_that_raises(framework, plugin):
    async with agent(plugin, "unlucky", {"tools": [{"code": framework.own("raises")}]}):
        answer = await plugin.send("use raises", agent="unlucky")
    (result,) = answer.tool_results
    assert "out of order" in result["error"]
    assert answer.state == "completed"
    assert "out of order" in answer.text


@pytest.mark.parametrize("name", ["hangs", "blocks"])
async def test_a_tool_that_never_returns(framework, plugin, name):
    spec = {"tools": [{"code": framework.own(name)}], "limits": {"tool_seconds": 0.5}}
    async with agent(plugin, "stuck", spec):
        turn = asyncio.ensure_future(plugin.send(f"use {name}", agent="stuck"))
        while not turn.done():  # all the while the process is there for others
            await plugin.health()
            assert (await plugin.send("hello")).text == "You said: hello"
        answer = turn.result()
    (result,) = answer.tool_results
    assert "did not return within 0.5 s" in result["error"]
    assert answer.state == "completed"


async def test_arguments_that_do_not_fit(framework, plugin):
    async with agent(plugin, "vague", {"tools": [{"code": framework.own("weather")}]}):
        answer = await plugin.send('use weather {"town": "Oslo"}', agent="vague")
    assert answer.state == "completed"
    assert "sunny" not in answer.text


async def test_a_model_that_calls_tools_for_ever(framework, plugin, stub):
    async with agent(plugin, "endless", {"tools": ["clock"], "limits": {"max_steps": 3}}):
        mark = stub.mark()
        answer = await plugin.send("use clock !loop", agent="endless")
        asked = len(stub.requests(mark))
    assert (answer.state, answer.error_code) == ("failed", "too_many_steps")
    assert asked <= 4


# ---- Configurations


async def refused(plugin, config, *words):
    answer = await created(plugin, "refused", config)
    assert not answer.success
    assert all(word in answer.error for word in words), answer.error
    assert (await plugin.send("hello")).text == "You said: hello"


async def test_a_configuration_that_does_not_fit(framework, plugin):
    await refused(plugin, {"limits": {"max_steps": 0}}, "max_steps")
    await refused(plugin, {"instructions": 7}, "instructions")
    await refused(plugin, {"instuctions": "x"}, "instuctions")
    await refused(plugin, {"tools": ["hammer"]}, "hammer")
    await refused(plugin, {"model": "nobody"}, "nobody")


async def test_a_model_without_its_key(framework, plugin):
    openai = {"name": "gpt-5", "base_url": "https://api.openai.com/v1"}
    await refused(plugin, {"model": openai}, "api_key")


async def test_own_code_that_is_not_there_or_does_not_import(framework, plugin):
    ending = "mjs" if framework.is_node else "py"
    await refused(plugin, {"code": f"nowhere.{ending}:agent"}, "nowhere")
    await refused(plugin, {"code": f"broken.{ending}:agent"}, "broken", "does not import")
    await refused(plugin, {"code": f"{OWN}/tools.{ending}:missing"}, "missing")
    await refused(plugin, {"code": "no colon"}, "no colon")
    await refused(plugin, {"tools": [{"code": framework.own("NO_TOOL")}]}, "NO_TOOL")


async def test_an_update_that_is_refused_changes_nothing(framework, plugin):
    async with agent(plugin, "steady", {"instructions": "reply: as before"}):
        for config in ('{"limits": {"max_steps": 0}}', '{"code": "nowhere.py:x"}'):
            request = pb.UpdateConfigRequest(agent_id="steady", config_json=config)
            assert not (await plugin.call("UpdateConfig", request, 30)).success
        assert (await plugin.send("hello", agent="steady")).text == "as before"


# ---- Time


async def test_a_turn_ends_at_its_deadline(framework, plugin, stub):
    mark, soon = stub.mark(), int((time.time() + 1) * 1000)
    answer = await plugin.send("!hang", deadline_ms=soon)
    assert (answer.state, answer.error_code) == ("failed", "deadline_exceeded")
    assert (await stub.ended(stub.requests(mark)[-1]))["left"]


async def test_a_turn_ends_at_the_agents_limit(framework, plugin, stub):
    async with agent(plugin, "brief", {"limits": {"turn_seconds": 1}}):
        mark = stub.mark()
        answer = await plugin.send("!slow 0.2 !words 500", agent="brief")
        assert (answer.state, answer.error_code) == ("failed", "turn_timeout")
        assert (await stub.ended(stub.requests(mark)[-1]))["left"]
