"""One assistant: questions to the caller, pictures, thoughts; and an author's own code."""

import base64

import pytest
from agentx_sdk import Part
from running import Thoughts
from telling import refused, said

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TURN = {"context_id": "c", "task_id": "t"}


async def test_it_asks_the_caller_and_goes_on_with_the_answer(hosting):
    async with hosting(a={"can_ask": True}) as plugin:
        asked = await plugin.send('use transfer_to_user {"question": "Which day?"}', **TURN)
        assert (asked.state, asked.question) == ("input_required", "Which day?")
        assert not asked.tool_calls  # it is a question, not a deed
        assert (await plugin.send("my name is Ann", **TURN)).state == "completed"
        assert (await plugin.send("what is my name", **TURN)).text == "Your name is Ann."


async def test_pictures_reach_an_assistant_and_a_team_that_remembers_them(hosting, model):
    seeing = {**model, "name": "demo-vision", "vision": True}
    team = {"members": [{"name": "x"}], "max_turns": 1}
    picture = Part(raw=PICTURE, media_type="image/png")
    async with hosting(a={"model": seeing}, t={"model": seeing, "team": team}) as plugin:
        for agent in ("a", "t"):
            say = {"agent": agent, "context_id": "c"}
            assert "I see 1 picture" in (await plugin.send("look", picture, **say)).text
            again = await plugin.send("and again", picture, **say)
            assert again.state == "completed"


async def test_what_is_no_picture_is_named_in_words(hosting):
    async with hosting(a={}) as plugin:
        answer = await plugin.send("read", Part(raw=b"%PDF", media_type="application/pdf"))
    assert "application/pdf, 4 bytes" in answer.text


def test_a_models_thoughts_are_no_part_of_what_it_says():
    thoughts = Thoughts()
    pieces = ["<think>Let me", " see.", "</think>", "It is", " four."]
    assert "".join(map(thoughts.words, pieces)) == "It is four."


async def test_the_responses_api_is_refused(hosting, model):
    async with hosting(plain={}) as plugin:
        told = await refused(plugin, {"model": {**model, "api": "responses"}})
    assert "chat completions only" in told


async def test_an_authors_agent_uses_its_own_tools(hosting):
    async with hosting(a={"code": "own.py:assistant"}) as plugin:
        answer = await plugin.send('use area {"width": 2, "height": 3}')
        assert [each["name"] for each in answer.tool_calls] == ["area"]
        assert answer.tool_results[0]["result"] == "6.0"
        assert answer.text == "The tool says: 6.0."
        assert answer.usage[0]["model"] == "demo"


async def test_conversations_with_an_authors_agent_do_not_mix(hosting):
    async with hosting(a={"code": "own.py:assistant"}) as plugin:
        await plugin.send("my name is Ann", context_id="ann")
        assert (await plugin.send("what is my name", context_id="bo")).text.startswith("I do not")
        answer = await plugin.send("what is my name", context_id="ann")
    assert answer.text == "Your name is Ann."


async def test_an_authors_team_answers_and_remembers(hosting):
    async with hosting(t={"code": "own.py:debate"}) as plugin:
        answer = await plugin.send("go", context_id="c")
        assert [name for name, _ in said(answer)] == ["ada", "bob"]
        assert answer.text == "bob thinks ada thinks go"
        again = await plugin.send("on", context_id="c")
    assert again.state == "completed"


async def test_an_authors_team_asks_the_caller(hosting):
    async with hosting(t={"code": "own.py:desk", "tools": ["clock"]}) as plugin:
        asked = await plugin.send("use transfer_to_user", **TURN)
        assert asked.state == "input_required"
        answer = await plugin.send("use clock", **TURN)
    assert "clock" in [each["name"] for each in answer.tool_calls]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("own.py:broken", "no agent or team of AutoGen, but a str"),
        ("own.py:nothing", "has no 'nothing'"),
        ("terminal.py:team", "waits at a terminal"),
    ],
)
async def test_code_that_makes_no_agent_is_refused(hosting, code, words):
    async with hosting(plain={}) as plugin:
        assert words in await refused(plugin, {"code": code})
        assert (await plugin.send("hello")).text == "You said: hello"


def test_words_right_behind_thoughts_are_said():
    thoughts = Thoughts()
    assert "".join(map(thoughts.words, ["<think>a", "b</think> It", " is"])) == " It is"
