"""A caller that leaves takes the request to the model with it; a process that dies takes no memory with it."""

import asyncio
import json
import os
import signal
import time
from contextlib import aclosing
from urllib.parse import urlsplit

import pytest

from tests.frameworks.frameworks import agent, every, model, process

pytestmark = [pytest.mark.asyncio(loop_scope="module"), every]
SLOWLY = "!slow 1.5 !words 100"  # a chunk every one and a half seconds
AT_ONCE = 100.0  # milliseconds
TRIES = 10


def now():
    """Milliseconds of the clock that every process of this machine shares, the model stub too."""
    return time.monotonic() * 1000


async def heard(plugin, text, kind="artifact", **more):
    """The first words of the answer; then its reader leaves. When that was."""
    async with aclosing(plugin.stream(text, **more)) as responses:
        async for response in responses:
            if any(event.HasField(kind) for event in response.events):
                return now()
    raise AssertionError("nothing was heard")


async def hung_up(plugin, stub, mark):
    """A turn is left before the model's first word. When that was."""
    turn = asyncio.ensure_future(plugin.send("!hang"))
    await stub.asked(mark)
    left = now()
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    return left


async def idle(plugin):
    """Once no turn runs any more."""
    while (await plugin.health()).in_flight:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)


async def dropped(stub, request, since):
    """Milliseconds from `since` until the model's connection was gone, by the stub's clock."""
    ended = await stub.ended(request)
    assert ended["left"]
    return ended["ended"] - since


async def at_once(stub, leave):
    """A turn that is left takes its request to the model with it, before anybody writes to it again.

    A busy machine may take its time with any of the three processes, so what was slow is tried again: noise only ever
    adds, and what waits for the model's next chunk, which is seconds away, is slow each time. A connection that we
    drop ourselves beside it tells whether this machine was able to show it at all.
    """
    before, theirs, after = now(), stub.told()["now"], now()
    assert before <= theirs <= after  # else the clocks are two
    seen = []
    for _ in range(TRIES):
        mark = stub.mark()
        left = await leave(mark)
        seen.append((await dropped(stub, stub.requests(mark)[-1], left), await alone(stub)))
        if seen[-1][0] <= AT_ONCE:
            return
    told = ", ".join(f"{turn:.0f} ({own:.0f})" for turn, own in seen)
    if all(own > AT_ONCE / 4 for _, own in seen):
        pytest.skip(f"the machine is too busy to tell: {told} ms")
    pytest.fail(f"dropped after so many ms (a connection of our own): {told}")


async def alone(stub):
    """Milliseconds until the stub saw that a plain connection of ours was gone."""
    mark = stub.mark()
    body = json.dumps({"model": "demo", "messages": [{"role": "user", "content": "!hang"}]})
    place = urlsplit(stub.url)
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    head = f"POST {place.path}/chat/completions HTTP/1.1\r\nHost: stub\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    request = await stub.asked(mark)
    left = now()
    writer.close()
    return await dropped(stub, request, left)


async def test_leaving_a_stream_drops_the_request_to_the_model(framework, plugin, stub):
    await at_once(stub, lambda mark: heard(plugin, SLOWLY))


async def test_leaving_before_the_first_word_drops_it_too(framework, plugin, stub):
    await at_once(stub, lambda mark: hung_up(plugin, stub, mark))


async def test_leaving_while_a_tool_runs_asks_the_model_no_more(framework, plugin, stub):
    spec = {"tools": [{"code": framework.own("hangs")}]}
    async with agent(plugin, "stuck", spec):
        mark = stub.mark()
        await heard(plugin, "use hangs", "status", agent="stuck")
        await idle(plugin)
        assert len(stub.requests(mark)) == 1


async def test_leaving_while_it_waits_to_ask_again_asks_no_more(framework, plugin, stub):
    say = {"agent": "waiting"}
    async with agent(plugin, "waiting", {"model": model(stub, max_retries=1)}):
        mark = stub.mark()
        turn = asyncio.ensure_future(plugin.send("left !status 500", **say))
        await stub.ended(await stub.asked(mark))
        turn.cancel()
        for _ in range(2):  # which wait as long, and began later
            assert (await plugin.send("stayed !status 500", **say)).state == "failed"
        said = ["stayed !s" in each["messages"][-1]["text"] for each in stub.requests(mark)]
    assert said == [False, True, True, True, True]


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
