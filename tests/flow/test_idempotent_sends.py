"""The same message again, for who asks for it, is the same task: at any process, at once or later."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from routing.models import IdempotencyKey, Message, PushConfig, Task
from routing.services import forget_old_messages
from security.errors import Conflict
from security.rows import ask
from tests.scripted import DONE, Core, chunk, make_scripted, reply, send, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SLUG = "scripted"


def once(text="hello", **fields):
    return send(text, is_idempotent=True, **fields)


async def test_at_the_same_moment_at_two_processes(script, caller):
    async with Core(script) as one, Core(script) as two:
        sends = [
            asyncio.create_task(core.operations.send(caller, SLUG, once()))
            for core in (one, two, one, two)
        ]
        (await script.turn()).say(chunk("word"), DONE).end()
        answers = await asyncio.wait_for(asyncio.gather(*sends), 20)
        assert len({answer.id for answer in answers}) == 1
        assert {answer.state for answer in answers} == {"COMPLETED"}
        assert all(answer.artifacts for answer in answers)
    assert script.arrived.empty()
    assert await ask(Task.objects.count) == 1
    assert await ask(Message.objects.count) == 1


async def test_later_it_is_the_task_as_it_is(script, caller):
    async with Core(script) as core:
        first = asyncio.create_task(core.operations.send(caller, SLUG, once()))
        (await script.turn()).say(DONE).end()
        again = await core.operations.send(caller, SLUG, once(return_immediately=True))
        assert (again.id, again.state) == ((await first).id, "COMPLETED")
        stream = await core.operations.stream(caller, SLUG, once())
        assert [list(each.response) async for each in stream] == [["task"]]


async def test_a_stream_joins_the_turn_that_is_under_way(script, caller):
    async with Core(script) as one, Core(script) as two:
        first = await one.operations.stream(caller, SLUG, once())
        play = await script.turn()
        joined = [await core.operations.stream(caller, SLUG, once()) for core in (one, two)]
        heads = [await anext(each) for each in joined]
        play.say(chunk("a"), status("INPUT_REQUIRED", "?")).end()
        tails = [[each.response async for each in stream] for stream in joined]
        own = [each.response async for each in first]
        assert [head.response["task"]["id"] for head in heads] == [play.turn.task_id] * 2
        assert tails[0] == tails[1] == own[1:]


async def test_under_the_same_id_another_message_is_refused(script, caller):
    async with Core(script) as core:
        first = asyncio.create_task(core.operations.send(caller, SLUG, once()))
        (await script.turn()).say(DONE).end()
        await first
        for other in (once("other"), once(metadata={"a": 1}), once(accepted_output_modes=["x/y"])):
            with pytest.raises(Conflict, match="sent before"):
                await core.operations.send(caller, SLUG, other)


async def test_who_does_not_ask_for_it_gets_two_tasks(script, caller):
    async with Core(script) as core:
        for _ in range(2):
            sending = asyncio.create_task(core.operations.send(caller, SLUG, send()))
            (await script.turn()).say(DONE).end()
            await sending
    assert await ask(Task.objects.count) == 2
    assert await ask(IdempotencyKey.objects.count) == 0


async def test_it_is_kept_by_caller_and_tenant(script, caller, operator):
    async with Core(script) as core:
        ids = set()
        for who in (caller, caller.within("acme"), operator):
            sending = asyncio.create_task(core.operations.send(who, SLUG, once()))
            (await script.turn()).say(DONE).end()
            ids.add((await sending).id)
    assert len(ids) == 3


async def test_the_next_message_of_a_task_too(script, caller):
    """At the same moment at two processes: one turn, two answers."""
    async with Core(script) as one, Core(script) as two:
        asking = asyncio.create_task(one.operations.send(caller, SLUG, send()))
        (await script.turn()).say(status("INPUT_REQUIRED", "?")).end()
        task = await asking
        next_one = {"taskId": task.id, "messageId": "m-2"}
        sends = [
            asyncio.create_task(core.operations.send(caller, SLUG, once("Bob", **next_one)))
            for core in (one, two)
        ]
        (await script.turn()).say(DONE).end()
        answers = await asyncio.wait_for(asyncio.gather(*sends), 20)
        assert [answer.state for answer in answers] == ["COMPLETED"] * 2
        again = await two.operations.send(caller, SLUG, once("Bob", **next_one))
        assert again.state == "COMPLETED"  # a message to a task that has ended, were it a new one
    assert script.arrived.empty()
    assert await ask(Message.objects.filter(role="user").count) == 2


async def test_an_answer_without_a_task_too(script, caller):
    await ask(make_scripted, "direct", direct_messages=True)
    async with Core(script) as core:
        sends = [
            asyncio.create_task(
                core.operations.send(caller, "direct", once(return_immediately=now))
            )
            for now in (False, True)
        ]
        (await script.turn()).say(reply("hi")).end()
        answers = await asyncio.wait_for(asyncio.gather(*sends), 20)
        assert all(answer.response()["message"]["parts"] == [{"text": "hi"}] for answer in answers)
        stream = await core.operations.stream(caller, "direct", once())
        assert [list(each.response) async for each in stream] == [["message"]]
    assert script.arrived.empty()


async def test_after_a_day_it_is_forgotten(script, caller):
    async with Core(script) as core:
        ids = []
        for _ in range(2):
            sending = asyncio.create_task(core.operations.send(caller, SLUG, once()))
            (await script.turn()).say(DONE).end()
            ids.append((await sending).id)
            assert await ask(forget_old_messages) == 0
            await ask(lambda: IdempotencyKey.objects.update(created=a_day_ago()))
            assert await ask(forget_old_messages) == 1
        assert ids[0] != ids[1]


def a_day_ago():
    return timezone.now() - timedelta(hours=24, seconds=1)


async def test_sent_again_it_brings_the_webhook_that_a_killed_process_did_not_keep(
    script, caller, settings
):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    told = once(push={"url": "http://127.0.0.1:9/hook"}, return_immediately=True)
    async with Core(script) as core:
        task = await core.operations.send(caller, SLUG, told)
        await ask(PushConfig.objects.all().delete)  # as if killed between the task and its webhook
        for _ in range(2):
            assert (await core.operations.send(caller, SLUG, told)).id == task.id
        config = await ask(PushConfig.objects.get)
        assert (str(config.task_id), config.delivered_seq) == (task.id, 0)
        (await script.turn()).say(DONE).end()
