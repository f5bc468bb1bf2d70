"""One database, two processes: begun at one, streamed, resumed and canceled through the other; with Redis and without."""

import asyncio
from contextlib import contextmanager, nullcontext

import pytest
from django.conf import settings

from routing.delivery import operations
from routing.selectors import records
from security import news
from tests.scripted import DONE, Core, chunk, send, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SLUG = "scripted"


@contextmanager
def redis_away():
    """Nothing listens there: news is neither told nor heard."""
    url, settings.REDIS_URL = settings.REDIS_URL, "unix:///nowhere/redis.sock"
    news._client.cache_clear()
    try:
        yield
    finally:
        settings.REDIS_URL = url
        news._client.cache_clear()


@pytest.mark.parametrize("redis", [nullcontext, redis_away])
async def test_streamed_resumed_and_canceled_through_the_other(script, caller, redis):
    with redis():
        async with Core(script) as one, Core(script) as two:
            own = await one.operations.stream(caller, SLUG, send())
            play = (await script.turn()).say(chunk("one"))
            heard = [await anext(own), await anext(own)]
            task_id = play.turn.task_id
            stream = await two.operations.subscribe(caller, SLUG, task_id)
            snapshot = await asyncio.wait_for(anext(stream), 10)
            assert snapshot.seq >= heard[-1].seq
            play.say(chunk("two", append=True))
            second = await asyncio.wait_for(anext(stream), 10)
            heard.append(await anext(own))
            assert second == heard[-1]
            await stream.aclose()
            play.say(chunk("three", append=True))
            resumed = await two.operations.subscribe(caller, SLUG, task_id, second.seq)
            third = await asyncio.wait_for(anext(resumed), 10)
            heard.append(await anext(own))
            assert third == heard[-1]
            canceled = await two.operations.cancel(caller, SLUG, task_id, {"why": "tired"})
            assert canceled.state == "CANCELED"
            rest = [each async for each in resumed]
            assert rest == [each async for each in own]
            assert play.closed.is_set()
            replayed = await two.operations.subscribe(caller, SLUG, task_id, 1)
            assert [each async for each in replayed] == [*heard[1:], *rest]


async def test_what_a_caller_says_of_its_cancel_is_in_the_last_event(script, caller):
    async with Core(script) as one:
        task = await one.operations.send(caller, SLUG, send(return_immediately=True))
        stream = await one.operations.subscribe(caller, SLUG, task.id)
        await anext(stream)
        await one.operations.cancel(caller, SLUG, task.id, {"why": "tired"})
        last = [each.response async for each in stream][-1]
        assert last["statusUpdate"]["metadata"] == {"why": "tired"}


async def test_a_cancel_waits_for_the_other_process_no_longer_than_it_may(
    script, caller, monkeypatch
):
    monkeypatch.setattr(operations, "CANCEL_SECONDS", 0.2)
    with redis_away():
        async with Core(script) as one, Core(script) as two:
            task = await one.operations.send(caller, SLUG, send(return_immediately=True))
            await script.turn()
            asked = await two.operations.cancel(caller, SLUG, task.id)
            assert asked.state in ("WORKING", "CANCELED")  # as it is: the process hears of it later


async def test_an_agent_that_waits_for_authentication_may_go_on_by_itself(script, caller):
    async with Core(script) as one, Core(script) as two:
        sending = asyncio.create_task(one.operations.send(caller, SLUG, send()))
        play = await script.turn()
        play.say(status("AUTH_REQUIRED", "log in")).say(chunk("x"), DONE).end()
        ended = await sending
        got = await two.operations.task(caller, SLUG, ended.id, None)
        assert got.state == "COMPLETED"


async def test_streams_stay_open_while_it_waits_for_authentication(script, caller):
    async with Core(script) as one, Core(script) as two:
        task = await one.operations.send(caller, SLUG, send(return_immediately=True))
        play = await script.turn()
        streams = [await core.operations.subscribe(caller, SLUG, task.id) for core in (one, two)]
        for stream in streams:
            await anext(stream)
        play.say(status("AUTH_REQUIRED", "log in"))
        for stream in streams:
            told = await asyncio.wait_for(anext(stream), 10)
            assert told.response["statusUpdate"]["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
        run = one.switchboard.runs[task.id]
        assert (await run.settled).state == "AUTH_REQUIRED"  # who waited was answered
        play.say(status("WORKING")).say(DONE).end()
        states = [
            [each.response["statusUpdate"]["status"]["state"] async for each in stream]
            for stream in streams
        ]
        assert states == [["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]] * 2


@pytest.mark.parametrize("where", [0, 1])
async def test_a_message_meanwhile_is_a_turn_of_its_own(script, caller, where):
    """The agent's open turn ends; the credentials may have come with the message."""
    async with Core(script) as one, Core(script) as two:
        task = await one.operations.send(caller, SLUG, send(return_immediately=True))
        waiting = (await script.turn()).say(status("AUTH_REQUIRED", "log in"))
        await one.switchboard.runs[task.id].settled
        core = (one, two)[where]
        going_on = send("done", taskId=task.id, messageId="m-2")
        sending = asyncio.create_task(core.operations.send(caller, SLUG, going_on))
        following = await script.turn()
        waiting.say(chunk("late")).end()
        await asyncio.wait_for(waiting.closed.wait(), 20)
        following.say(chunk("good"), DONE).end()
        ended = await asyncio.wait_for(sending, 20)
        assert ended.state == "COMPLETED"
        assert [part["text"] for each in ended.artifacts for part in each["parts"]] == ["good"]


async def test_a_process_that_goes_down_leaves_what_waits_for_its_caller(script, caller):
    async with Core(script) as one:
        task = await one.operations.send(caller, SLUG, send(return_immediately=True))
        (await script.turn()).say(status("AUTH_REQUIRED", "log in"))
        await one.switchboard.runs[task.id].settled
    async with Core(script) as two:
        got = await two.operations.task(caller, SLUG, task.id, None)
        assert got.state == "AUTH_REQUIRED"


async def test_thousands_of_events_are_read_in_bounded_pieces(script, caller, monkeypatch):
    monkeypatch.setattr(records, "MAX_EVENTS_READ", 7)
    async with Core(script) as one, Core(script) as two:
        own = await one.operations.stream(caller, SLUG, send())
        play = await script.turn()
        stream = await two.operations.subscribe(caller, SLUG, play.turn.task_id)
        await anext(stream)
        for n in range(40):
            play.say(chunk(f"{n} ", append=True))
        play.say(DONE).end()
        heard = [each.seq async for each in stream]
        assert heard == list(range(2, 43))
        again = await two.operations.subscribe(caller, SLUG, play.turn.task_id, 0)
        assert [each.seq async for each in again] == list(range(1, 43))
        assert len([each async for each in own]) == 42
