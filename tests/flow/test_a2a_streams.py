"""Streams of a task: the task first, then every event once and in order, to whoever listens."""

import asyncio

import pytest

from agentx_site import lane
from routing.a2a import sse
from routing.errors import TaskNotFound
from routing.requests import Told
from tests.web import Web, message, reason, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

WORDS = "one two three four"


def streaming(text=WORDS, **metadata):
    return {"message": message(text, metadata={"stream": True, "pause": 0.02} | metadata)}


def kinds(events):
    return [next(iter(event)) for event in events]


def applied(events):
    """What a client that follows the stream has in the end."""
    task = dict(events[0]["task"])
    artifacts = {each["artifactId"]: each for each in task.get("artifacts", [])}
    for event in events[1:]:
        if update := event.get("statusUpdate"):
            task["status"] = update["status"]
        elif update := event.get("artifactUpdate"):
            new = update["artifact"]
            if update.get("append"):
                known = artifacts[new["artifactId"]]
                new = {**known, **new, "parts": known["parts"] + new["parts"]}
            artifacts[new["artifactId"]] = new
    return task | {"artifacts": list(artifacts.values())}


async def test_a_stream_begins_with_the_task_and_ends_with_its_end(web):
    events = [event async for event in web.stream("SendStreamingMessage", streaming())]
    assert kinds(events) == ["task", *["artifactUpdate"] * 4, "statusUpdate"]
    assert state(events[0]["task"]) == "WORKING"
    assert state(events[-1]["statusUpdate"]) == "COMPLETED"
    got = await web.result("GetTask", {"id": events[0]["task"]["id"]})
    assert text_of(got) == WORDS
    assert applied(events)["artifacts"] == got["artifacts"]
    assert applied(events)["status"] == got["status"]


async def test_every_listener_hears_the_same_in_the_same_order(web, key):
    """From the process that runs the task, and from another that has only rows and news."""
    async with Web(key) as other:
        stream = web.stream("SendStreamingMessage", streaming(pause=0.1))
        first = await anext(stream)
        task_id = first["task"]["id"]

        async def heard(which):
            return [event async for event in which.stream("SubscribeToTask", {"id": task_id})]

        subscribed = [asyncio.create_task(heard(which)) for which in (web, web, other)]
        own = [first] + [event async for event in stream]
        streams = await asyncio.wait_for(asyncio.gather(*subscribed), 10)
        got = await web.result("GetTask", {"id": task_id})
        for events in (own, *streams):
            assert applied(events)["artifacts"] == got["artifacts"]
            assert applied(events)["status"] == got["status"]
            assert events[1:] == own[-len(events) + 1 :]


async def test_a_subscription_goes_on_through_a_question(web):
    asked = await web.send(metadata={"ask": True})
    subscription = web.stream("SubscribeToTask", {"id": asked["id"]})
    assert state((await anext(subscription))["task"]) == "INPUT_REQUIRED"
    await web.send("Bob", messageId="m-2", taskId=asked["id"])
    rest = [event async for event in subscription]
    assert kinds(rest) == ["statusUpdate", "artifactUpdate", "statusUpdate"]
    assert state(rest[-1]["statusUpdate"]) == "COMPLETED"


async def test_a_stream_of_a_question_ends_with_it(web):
    events = [
        event
        async for event in web.stream(
            "SendStreamingMessage", {"message": message(metadata={"ask": "Who?"})}
        )
    ]
    assert state(events[-1]["statusUpdate"]) == "INPUT_REQUIRED"


async def test_there_is_nothing_to_subscribe_to_after_the_end(web):
    task = await web.send()
    refused = await web.refusal("SubscribeToTask", {"id": task["id"]})
    assert (refused["code"], reason(refused)) == (-32004, "UNSUPPORTED_OPERATION")
    assert (await web.refusal("SubscribeToTask", {"id": "nope"}))["code"] == -32001


async def test_a_refusal_before_the_first_event_is_an_ordinary_answer(web):
    answer = await web.post(
        "/a2a/echo/",
        {"jsonrpc": "2.0", "id": 7, "method": "SendStreamingMessage", "params": {"message": {}}},
    )
    assert answer.content_type == "application/json"
    assert (await answer.json())["error"]["code"] == -32602


async def test_who_leaves_a_stream_does_not_stop_the_agent(web):
    stream = web.stream("SendStreamingMessage", streaming(pause=0.1))
    task_id = (await anext(stream))["task"]["id"]
    await stream.aclose()
    done = await web.ended(task_id)
    assert (state(done), text_of(done)) == ("COMPLETED", WORDS)


async def test_headers_tell_nobody_between_to_keep_or_hold_it(web):
    async with web._client.post(
        "/a2a/echo/",
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "SendStreamingMessage",
            "params": streaming(),
        },
        headers=web.headers(),
    ) as answer:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["x-request-id"]


async def test_a_silent_stream_is_kept_alive():
    async def slowly():
        yield Told(1, {"n": 1})
        await asyncio.sleep(0.1)
        yield Told(2, {"n": 2})

    frames = sse.frames(slowly(), lambda each: each, lambda error: {}, keep_alive=0.04)
    told = [frame async for frame in frames]
    assert told[0] == b'id: 1\ndata: {"n":1}\n\n'
    assert told[1] == sse.KEEP_ALIVE
    assert told[-1] == b'id: 2\ndata: {"n":2}\n\n'
    assert set(told[1:-1]) == {sse.KEEP_ALIVE}


async def test_who_waits_for_a_slow_first_event_sees_that_the_stream_stands():
    asked_for, comes = asyncio.Event(), asyncio.Event()

    async def slowly():
        asked_for.set()
        await comes.wait()
        yield Told(1, {"n": 1})

    response = await sse.event_stream(slowly(), dict, dict, first_within=0.02)
    assert asked_for.is_set()
    comes.set()
    assert [part async for part in response.streaming_content] == [b'id: 1\ndata: {"n":1}\n\n']


async def test_what_goes_wrong_before_the_first_event_is_no_stream():
    for error in (TaskNotFound("no"), RuntimeError("secret detail")):

        async def breaks(error=error):
            raise error
            yield Told(1, {})

        with pytest.raises(type(error)):
            await sse.event_stream(breaks(), dict, dict)


async def test_a_stream_without_events_ends():
    async def nothing():
        return
        yield Told(1, {})

    response = await sse.event_stream(nothing(), dict, dict)
    assert [part async for part in response.streaming_content] == []


async def test_a_stream_that_breaks_says_so_without_a_traceback():
    async def breaks():
        yield Told(1, {"n": 1})
        raise RuntimeError("secret detail")

    frames = sse.frames(breaks(), lambda each: each, lambda error: {"told": error.message})
    told = [frame async for frame in frames]
    assert told[-1].startswith(b"event: error\n")
    assert b"secret" not in told[-1]


async def test_a_reader_who_leaves_closes_the_stream():
    closed = asyncio.Event()

    async def forever():
        try:
            while True:
                yield Told(1, {"n": 1})
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    sent = []
    left = asyncio.Event()

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if len(sent) == 4:
            left.set()

    response = await sse.event_stream(forever(), lambda each: each, lambda error: {})
    await asyncio.wait_for(lane._send_response(response, "r", receive, send), 5)
    assert closed.is_set()
