"""A caller that leaves takes the request to the model with it; a process that dies takes no memory with it."""

import asyncio
import os
import signal
from contextlib import aclosing

import pytest

from tests.frameworks.frameworks import agent, every, model, process

pytestmark = [pytest.mark.asyncio(loop_scope="module"), every]
SLOWLY = "!slow 1.5 !words 100"  # a chunk every one and a half seconds


async def heard(plugin, text, kind="artifact", **more):
    """The first words of the answer; then its reader leaves."""
    async with aclosing(plugin.stream(text, **more)) as responses:
        async for response in responses:
            if any(event.HasField(kind) for event in response.events):
                return


async def idle(plugin):
    """Once no turn runs any more."""
    while (await plugin.health()).in_flight:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)


async def dropped(stub, request, since):
    """Milliseconds from `since` until the model's connection was gone."""
    ended = await stub.ended(request)
    assert ended["left"]
    return ended["ended"] - since


async def test_leaving_a_stream_drops_the_request_to_the_model(framework, plugin, stub):
    mark = stub.mark()
    text = "!slow 0.3 !words 100" if framework.lacks("cancel at once") else SLOWLY
    await heard(plugin, text)
    gone = stub.told()["now"]
    # Before the next word came: nobody had to write to it to find out.
    waited = await dropped(stub, stub.requests(mark)[-1], gone)
    assert waited < (2000 if framework.lacks("cancel at once") else 1000)


async def test_leaving_before_the_first_word_drops_it_too(framework, plugin, stub):
    framework.need("cancel at once")
    mark = stub.mark()
    turn = asyncio.ensure_future(plugin.send("!hang"))
    request = await stub.asked(mark)
    turn.cancel()
    gone = stub.told()["now"]
    assert await dropped(stub, request, gone) < 1000


async def test_leaving_while_a_tool_runs_asks_the_model_no_more(framework, plugin, stub):
    spec = {"tools": [{"code": framework.own("hangs")}]}
    async with agent(plugin, "stuck", spec):
        mark = stub.mark()
        await heard(plugin, "use hangs", "status", agent="stuck")
        await idle(plugin)
        assert len(stub.requests(mark)) == 1


async def test_the_conversation_goes_on_after_a_turn_that_was_left(framework, plugin):
    say = {"context_id": "left-once"}
    await plugin.send("my name is Ann", **say)
    await heard(plugin, "!slow 0.1 !words 200", **say)
    assert (await plugin.send("what is my name", **say)).text == "Your name is Ann."


async def test_turns_that_are_left_leave_nothing_behind(framework, plugin, stub):
    """Twenty at once, and then the next is answered."""
    mark = stub.mark()
    await asyncio.gather(*(heard(plugin, "!slow 0.2 !words 100") for _ in range(20)))
    for request in stub.requests(mark):
        assert (await stub.ended(request))["left"]
    await idle(plugin)
    assert (await plugin.send("hello")).text == "You said: hello"


async def test_memory_survives_kill_9_and_moves_to_another_process(framework, stub):
    say = {"context_id": "for-long", "agent": "clever"}
    agents = {"clever": {"tools": ["calculator"], "model": model(stub)}}
    async with process(framework, stub, agents) as first:
        await first.send("my name is Ann", **say)
        await first.send('use calculator {"expression": "2+2"}', **say)
        os.kill(first.pid, signal.SIGKILL)
        assert await first.wait() == -signal.SIGKILL
        memories = first.memories
    async with process(framework, stub, agents) as second:
        second.memories = memories
        answer = await second.send("what is my name", **say)
    assert answer.text == "Your name is Ann."
