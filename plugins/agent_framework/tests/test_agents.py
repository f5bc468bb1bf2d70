"""One agent: tools that wait for approval, the responses API, pictures, middleware; and an author's own."""

import base64

import pytest
from agentx_sdk import Part
from agentx_sdk.testing import PluginProcess
from telling import FOLDER, refused

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TURN = {"context_id": "c", "task_id": "t"}
CAREFUL = {"tools": ["calculator", "clock"], "approvals": ["calculator"]}
SUM = 'use calculator {"expression": "6*7"}'


async def test_a_tool_waits_for_approval(hosting):
    async with hosting(a=CAREFUL) as plugin:
        asked = await plugin.send(SUM, **TURN)
        assert asked.state == "input_required"
        assert asked.question.startswith("May the tool calculator be called with")
        assert asked.form["properties"]["approved"]["type"] == "boolean"
        assert not asked.tool_calls
        done = await plugin.send({"approved": True}, **TURN)
        assert (done.state, done.text) == ("completed", "The tool says: 42.")
        assert [each["name"] for each in done.tool_calls] == ["calculator"]
        assert (await plugin.send("use clock")).state == "completed"  # it needs none


@pytest.mark.parametrize("no", [{"approved": False}, "no", {"comment": "why?"}, [1], 0])
async def test_a_tool_that_is_not_approved_is_not_called(hosting, no):
    async with hosting(a=CAREFUL) as plugin:
        await plugin.send(SUM, **TURN)
        done = await plugin.send(no, **TURN)
    assert (done.state, done.tool_calls) == ("completed", [])
    assert "rejected" in done.text


async def test_several_tools_are_asked_for_one_after_another(hosting):
    async with hosting(a={**CAREFUL, "approvals": ["*"]}) as plugin:
        first = await plugin.send(f"{SUM} use clock", **TURN)
        second = await plugin.send("yes", **TURN)
        assert ("calculator" in first.question, "clock" in second.question) == (True, True)
        done = await plugin.send("no", **TURN)
    assert [each["name"] for each in done.tool_calls] == ["calculator"]
    assert "42" in done.text


async def test_another_task_does_not_approve_what_one_waits_for(hosting):
    async with hosting(a=CAREFUL) as plugin:
        await plugin.send(SUM, **TURN)
        other = await plugin.send("yes", context_id="c", task_id="another")
    assert (other.state, other.text) == ("completed", "You said: yes")


async def test_an_approval_outlives_the_process_that_asked(model):
    config, agents = {"model": model}, {"a": CAREFUL}
    async with PluginProcess(FOLDER, config=config, agents=agents) as plugin:
        assert (await plugin.send(SUM, **TURN)).state == "input_required"
        kept = dict(plugin.memories)
        plugin.signal(9)
    async with PluginProcess(FOLDER, config=config, agents=agents) as plugin:
        plugin.memories.update(kept)
        done = await plugin.send({"approved": True}, **TURN)
        assert done.text == "The tool says: 42."
        after = await plugin.send("my name is Ann", **TURN)
    assert after.state == "completed"


async def test_the_responses_api_answers_uses_tools_and_remembers(hosting, model):
    responses = {**CAREFUL, "approvals": [], "model": {**model, "api": "responses"}}
    async with hosting(a=responses) as plugin:
        for answer in (await plugin.send(SUM), await plugin.stream_all(SUM)):
            assert answer.text == "The tool says: 42."
        await plugin.send("my name is Ann", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Ann."
        failed = await plugin.send("!status 429")
    assert (failed.error_code, failed.failure["retryAfterSeconds"]) == ("model_rate_limited", 7)


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_pictures_reach_the_model(hosting, model, api):
    seeing = {**model, "name": "demo-vision", "vision": True, "api": api}
    async with hosting(a={"model": seeing}) as plugin:
        picture = Part(raw=PICTURE, media_type="image/png")
        linked = Part(url="https://example.org/a.png", media_type="image/png")
        answer = await plugin.send("look", picture, linked)
    assert "I see 2 pictures" in answer.text


async def test_middleware_and_context_providers_of_ones_own(hosting):
    shout = {"middleware": ["rules.py:Shout"]}
    polite = {"context_providers": ["rules.py:Manners"], "instructions": ""}
    async with hosting(loud=shout, polite=polite) as plugin:
        assert (await plugin.send("hello", agent="loud")).text == "You said: HELLO"
        assert (await plugin.send("hello", agent="polite")).text == "Pardon, hello?"


async def test_an_authors_agent_its_tools_and_its_approvals(hosting):
    async with hosting(a={"code": "own.py:assistant"}) as plugin:
        answer = await plugin.send('use area {"width": 2, "height": 3}')
        assert [each["name"] for each in answer.tool_calls] == ["area"]
        assert answer.text == "The tool says: 6.0."
        asked = await plugin.send('use order {"item": "A chair"}', **TURN)
        assert asked.question == 'May the tool order be called with {"item": "A chair"}?'
        done = await plugin.send("yes", **TURN)
    assert done.text == "The tool says: A chair is ordered."


async def test_conversations_with_an_authors_agent_do_not_mix(hosting):
    async with hosting(a={"code": "own.py:assistant"}) as plugin:
        await plugin.send("my name is Ann", context_id="ann")
        assert (await plugin.send("what is my name", context_id="bo")).text.startswith("I do not")
        answer = await plugin.send("what is my name", context_id="ann")
    assert answer.text == "Your name is Ann."


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"approvals": ["saw"]}, "'saw' is not one of its tools"),
        ({"middleware": ["rules.py:Nothing"]}, "has no 'Nothing'"),
        ({"code": "own.py:broken"}, "no agent or workflow, but a str"),
        ({"code": "whole.py:workflow"}, "name a function that builds it"),
    ],
)
async def test_an_agent_that_cannot_be_is_refused(hosting, config, words):
    async with hosting(plain={}) as plugin:
        assert words in await refused(plugin, config)
        assert (await plugin.send("hello")).text == "You said: hello"


async def test_without_memory_an_authors_agent_hears_every_message_alone(hosting):
    forgetful = {"code": "own.py:assistant", "memory": {"enabled": False}}
    async with hosting(a=forgetful) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text.startswith("I do not")
