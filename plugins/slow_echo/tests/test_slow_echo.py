"""Slow echo takes its time, and many messages at once."""

import asyncio
import time
from pathlib import Path

import pytest
from agentx_sdk.testing import PluginProcess

FOLDER = Path(__file__).parents[1]
pytestmark = pytest.mark.asyncio


def plugin(delay: object) -> PluginProcess:
    return PluginProcess(FOLDER, agents={"slow-echo": {"delay": delay}})


async def test_it_waits_for_its_delay():
    async with plugin(0.3) as slow:
        begun = time.monotonic()
        assert (await slow.send("hello")).text == "hello"
        assert 0.3 <= time.monotonic() - begun < 1


async def test_the_message_may_say_how_long():
    async with plugin(30) as slow:
        assert (await slow.send("hello", metadata={"delay": 0})).text == "hello"


async def test_messages_wait_side_by_side():
    async with plugin(0.5) as slow:
        begun = time.monotonic()
        await asyncio.gather(*(slow.send(str(number)) for number in range(20)))
        assert time.monotonic() - begun < 2


async def test_the_plugins_own_delay_holds_for_agents_that_have_none():
    async with PluginProcess(FOLDER, config={"delay": 0}, timeout=30) as slow:
        assert (await slow.send("hello", timeout=0.9)).text == "hello"


@pytest.mark.parametrize("delay", [-1, "soon", True])
async def test_a_delay_that_is_none_is_refused(delay):
    with pytest.raises(AssertionError, match="delay must be a"):
        async with plugin(delay):
            pass
    async with plugin(0) as slow:
        answer = await slow.send("hello", metadata={"delay": delay})
        assert (answer.state, answer.error_code) == ("failed", "bad_delay")
