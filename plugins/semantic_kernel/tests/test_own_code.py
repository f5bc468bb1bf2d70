"""An author's own kernels, agents, orchestrations and functions."""

import asyncio

import pytest


async def test_an_orchestration_of_ones_own_serves_turns_at_once(hosting):
    async with hosting(o={"code": "desk.py:panel"}) as plugin:
        answers = await asyncio.gather(*(plugin.send(word) for word in ("tides", "moons")))
        again = await plugin.send("stars")
    assert [answer.state for answer in (*answers, again)] == ["completed"] * 3
    assert all(answer.text.startswith("second heard") for answer in (*answers, again))


async def test_a_kernel_of_ones_own(hosting):
    async with hosting(k={"code": "desk.py:kernel"}) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Ann."
        answer = await plugin.send('use switch {"room": "hall", "on": true}')
        where = await plugin.send("use where")
    assert (answer.tool_calls[0]["name"], answer.text) == (
        "lights-switch",
        "The tool says: the hall is lit.",
    )
    assert where.tool_results[0]["result"] == "thread"


async def test_a_function_of_ones_own_answers(hosting):
    async with hosting(f={"code": "desk.py:shorter"}) as plugin:
        assert (await plugin.send("tides")).text == "You said: Shorten: tides"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"code": "desk.py:Lights"}, "needs a Kernel, an Agent"),
        ({"code": "nothing.py:kernel"}, "there is no file nothing.py"),
        ({"plugins": ["desk.py:kernel"]}, "desk.py:kernel"),
        ({"plugins": ["lights.py:nobody"]}, "has no 'nobody'"),
    ],
)
async def test_what_is_nothing_of_semantic_kernel_is_refused(hosting, told, words):
    with pytest.raises(AssertionError, match=words):
        async with hosting(a=told):
            pass
