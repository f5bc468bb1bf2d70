"""Functions: AgentX's tools, own classes, prompts; shown, allowed, bounded."""

import asyncio

import pytest

LIGHTS = {"plugins": ["lights.py:Lights"], "limits": {"tool_seconds": 0.3}}


async def test_a_function_of_ones_own_is_called_and_shown(hosting):
    async with hosting(a=LIGHTS) as plugin:
        answer = await plugin.send('use switch {"room": "hall", "on": true}', context_id="c")
        (call,) = answer.tool_calls
        assert (call["name"], call["arguments"]) == ("Lights-switch", {"room": "hall", "on": True})
        assert answer.tool_results[0]["result"] == "the hall is lit"
        assert answer.text == "The tool says: the hall is lit."
        two = await plugin.send('use switch {"room": "a", "on": false} use watts {"room": "abc"}')
    assert sorted(each["result"] for each in two.tool_results) == ["3", "the a is dark"]


async def test_plain_functions_run_in_threads(hosting):
    async with hosting(a=LIGHTS) as plugin:
        answer = await plugin.send("use where")
    assert answer.tool_results[0]["result"] == "thread"


@pytest.mark.parametrize(
    ("name", "error"), [("flicker", "no bulb"), ("dim", "did not return within 0.3 s")]
)
async def test_one_that_fails_or_hangs_is_told_to_the_model(hosting, name, error):
    async with hosting(a=LIGHTS) as plugin:
        answer, other = await asyncio.gather(plugin.send(f"use {name}"), plugin.send("hello"))
    assert error in answer.tool_results[0]["error"]
    assert answer.text.startswith("The tool says: Error: ")
    assert other.text == "You said: hello"


async def test_a_prompt_is_a_function(hosting):
    prompts = [{"name": "shout", "prompt": "Shout: {{$what}}", "description": "Shouts."}]
    async with hosting(a={"prompts": prompts}) as plugin:
        answer = await plugin.send('use shout {"what": "fish"}')
    assert answer.tool_results[0]["result"] == "You said: Shout: fish"


async def test_instructions_with_braces_are_as_they_are_unless_they_are_a_template(hosting):
    agents = {
        "plain": {"instructions": "reply: {{name}} {{$x}}"},
        "filled": {
            "instructions": "reply: dear {{name}}",
            "template_format": "handlebars",
            "variables": {"name": "Ann"},
        },
    }
    async with hosting(**agents) as plugin:
        assert (await plugin.send("x", agent="plain")).text == "{{name}} {{$x}}"
        assert (await plugin.send("x", agent="filled")).text == "dear Ann"


ASKING = {"tools": ["calculator"], "plugins": ["lights.py:Lights"], "approvals": ["calculator"]}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"approved": True}, "The tool says: 42."),
        ("no, never", "The tool says: Error: the user did not allow this call: no, never."),
        ("", "The tool says: Error: the user did not allow this call: no."),
    ],
)
async def test_a_call_that_must_be_allowed_waits_for_the_caller(hosting, answer, says):
    ids = {"task_id": "t", "context_id": "c"}
    async with hosting(a=ASKING) as plugin:
        asked = await plugin.send('use calculator {"expression": "6*7"}', **ids)
        assert (asked.state, asked.tool_calls) == ("input_required", [])
        assert asked.question == "May calculator be called with {'expression': '6*7'}?"
        done = await plugin.send(answer, **ids)
        assert (done.state, done.text) == ("completed", says)
        free = await plugin.send('use watts {"room": "abc"}')
    assert free.text == "The tool says: 3."


async def test_nothing_is_called_twice_when_a_turn_goes_on(hosting):
    ids = {"task_id": "t", "context_id": "c"}
    told = {**ASKING, "approvals": ["calculator", "Lights-watts"]}
    async with hosting(a=told) as plugin:
        text = 'use calculator {"expression": "6*7"} use watts {"room": "abc"}'
        first = await plugin.send(text, **ids)
        second = await plugin.send("yes", **ids)
        assert (first.state, second.state) == ("input_required", "input_required")
        done = await plugin.send("yes", **ids)
    shown = [each["name"] for answer in (first, second, done) for each in answer.tool_results]
    assert sorted(shown) == ["Lights-watts", "calculator"]
    assert done.text == "The tool says: 42; 3."
