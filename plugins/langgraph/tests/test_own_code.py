"""Applications of LangGraph, as people have them."""

import pytest
from agentx_sdk import ConfigError, Part
from telling import build

DESK = {"code": "shop/desk.py:graph", "reply_nodes": ["answer"]}
PLACE = {"context_id": "c", "task_id": "t"}


async def test_an_application_is_onboarded_without_a_change(hosting):
    async with hosting(desk=DESK) as plugin:
        answer = await plugin.send("please refund A1")
        assert (answer.state, answer.text) == ("completed", "Order A1 is refunded.")
        (call,), (result,) = answer.tool_calls, answer.tool_results
        assert (call["name"], call["arguments"]) == ("price_of", {"order": "A1"})
        assert (call["id"], result["result"]) == (result["id"], "40")
        words = [event.status.message for event in answer if event.HasField("status")]
        told = [part.text for message in words for part in message.parts]
        assert "Looking at the price …" in told


@pytest.mark.parametrize(("said", "end"), [("yes", "is refunded"), ("no", "is not refunded")])
async def test_its_question_is_the_tasks(hosting, said, end):
    async with hosting(desk=DESK) as plugin:
        asked = await plugin.send("refund B2", **PLACE)
        assert (asked.state, asked.question) == ("input_required", "Refund 900 for order B2?")
        assert asked.form["properties"]["answer"] == {"type": "boolean"}
        assert (await plugin.send(said, **PLACE)).text == f"Order B2 {end}."


async def test_a_builder_gets_the_model_and_the_tools_of_the_configuration(hosting):
    told = {"code": "own.py:assistant", "tools": ["calculator"]}
    async with hosting(agent=told) as plugin:
        words = [
            part.text
            async for response in plugin.stream("one two three")
            for event in response.events
            for part in event.artifact.artifact.parts
        ]
        assert "".join(words) == "You said: one two three"
        assert len(words) > 2
        used = await plugin.send('use calculator {"expression": "6*7"}')
    assert used.text == "The tool says: 42."
    assert len(used.tool_calls) == len(used.tool_results) == 1  # shown once
    assert used.usage[0]["model"] == "demo"


async def test_a_state_without_messages_takes_text_and_gives_data(hosting):
    async with hosting(agent={"code": "own.py:words"}) as plugin:
        (part,) = (await plugin.send("one two three")).parts
        assert part.data == {"length": 3, "steps": ["counted", "checked"]}
        (part,) = (await plugin.send(Part(data={"text": "one"}))).parts
        assert part.data["length"] == 1


async def test_one_key_can_be_the_reply(hosting):
    async with hosting(agent={"code": "own.py:words", "output_key": "length"}) as plugin:
        (part,) = (await plugin.send("one two three")).parts
    assert part.data == 3


async def test_the_functional_api_is_taken_too(hosting):
    async with hosting(agent={"code": "own.py:shout"}) as plugin:
        assert (await plugin.send("hello")).text == "HELLO"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("own.py:nothing", "a graph of LangGraph is needed"),
        ("own.py:missing", "has no 'missing'"),
        ("own.py:broken", "no graph today"),
        ("nowhere.py:graph", "there is no file"),
    ],
)
async def test_what_is_no_graph_is_refused_clearly(hosting, code, words):
    async with hosting() as plugin:
        with pytest.raises(ConfigError, match=words):
            await build(plugin.adapter, {"code": code})
