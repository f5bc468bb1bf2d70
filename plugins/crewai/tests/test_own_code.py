"""An author's own agents, crews and flows."""

import asyncio

import pytest


async def test_a_crew_of_ones_own(hosting):
    async with hosting(c={"code": "newsroom.py:crew", "tools": ["clock"]}) as plugin:
        answers = await asyncio.gather(*(plugin.send(word) for word in ("tides", "moons")))
    assert [answer.text for answer in answers] == ["printed: tides", "printed: moons"]


async def test_an_agent_of_ones_own_has_the_tools_and_the_conversation(hosting):
    told = {"code": "assistant.py:agent", "tools": ["calculator"]}
    async with hosting(a=told) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Ann."
        answer = await plugin.send('use calculator {"expression": "6*7"}')
    assert (answer.tool_results[0]["result"], answer.text) == (42, "The tool says: 42.")


async def test_a_flow_of_ones_own_asks_twice(hosting):
    ids = {"task_id": "t", "context_id": "c"}
    async with hosting(f={"code": "support.py:Support"}) as plugin:
        first = await plugin.send("a parcel", **ids)
        assert first.question == "Which order is it about: a parcel?"
        second = await plugin.send({"answer": "17"}, **ids)
        assert second.question == "Order 17 is on its way.\n\nShall it be sent?"
        done = await plugin.send("yes, please", **ids)
    assert done.text == "Order 17 is on its way. (yes, please)"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("newsroom.py:Agent", "needs an Agent, a Crew or a class of Flow"),
        ("nothing.py:crew", "there is no file nothing.py"),
        ("newsroom.py:nobody", "has no 'nobody'"),
    ],
)
async def test_code_that_is_nothing_of_crewai_is_refused(hosting, code, words):
    with pytest.raises(AssertionError, match=words):
        async with hosting(a={"code": code}):
            pass
