"""Tasks whose process is gone: taken over by another one, or ended with a reason; and who follows them hears of it."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from plugins_app.client.codec import Happening
from routing.delivery import switchboard
from routing.delivery.losses import taken_over
from routing.limits import (
    HOLDERS_FIRST_SECONDS,
    LEASE_SECONDS,
    LOST_SECONDS,
    MAX_DELIVERIES,
    RENEW_SECONDS,
    TAKE_OVER_GRACE,
)
from routing.models import Task, TaskEvent
from routing.services import reap_lost_tasks, take_over_lost_tasks
from security.rows import ask
from tests.scripted import DONE, Core, Script, chunk, make_scripted, send, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SLUG = "scripted"


@pytest.fixture
def script(transactional_db, monkeypatch):
    monkeypatch.setattr(switchboard, "LOST_SECONDS", 0.05)
    return Script()


async def begun(core, caller, script, **fields):
    """A task at work in this process, and the agent's side of it."""
    asked = send(return_immediately=True, **fields)
    task = await core.operations.send(caller, SLUG, asked)
    return task, await script.turn()


def lease_ended(task_id, ago=0.0):
    Task.objects.filter(id=task_id).update(lease_until=timezone.now() - timedelta(seconds=ago))


def row_of(task_id):
    return Task.objects.get(id=task_id)


def ends_of(task_id):
    rows = list(TaskEvent.objects.filter(task_id=task_id).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    ended = ("COMPLETED", "FAILED", "CANCELED")
    return [s for row in rows if (s := row.payload.get("state", "")[11:]) in ended]


async def test_another_process_delivers_again_and_a_third_one_tells_of_it(script, caller):
    """kill -9 of the process that ran it, for an agent that may get a message again."""
    await ask(make_scripted)
    dying = Core(script)
    await dying.__aenter__()
    task, play = await begun(dying, caller, script, metadata={"wish": 1})
    play.say(chunk("half"))
    async with Core(script) as third:
        third.switchboard.accepts = False  # it takes nothing over; it only tells
        stream = await third.operations.subscribe(caller, SLUG, task.id)
        heard = [await anext(stream)]
        await dying.die()
        await ask(lease_ended, task.id)
        async with Core(script):
            second = await script.turn()
            assert second.turn.message == play.turn.message
            assert second.turn.metadata == {"wish": 1}
            assert (second.turn.history, second.turn.resumes) == ([], False)
            second.say(chunk("whole"), DONE).end()
            heard += [each async for each in stream]
    assert [each.seq for each in heard] == sorted({each.seq for each in heard})
    again = next(s for each in heard if (s := each.response.get("statusUpdate")))
    assert again["metadata"] == {"agentx": {"delivery": 2}}
    row = await ask(row_of, task.id)
    assert (row.state, row.deliveries) == ("COMPLETED", 2)
    # The same artifact again takes the place of what the first delivery had made of it.
    assert [part["text"] for each in row.artifacts for part in each["parts"]] == ["whole"]
    assert await ask(ends_of, task.id) == ["COMPLETED"]


async def test_an_agent_that_gets_a_message_once_is_not_asked_again(script, caller):
    await ask(make_scripted, retry="undelivered")
    dying = Core(script)
    await dying.__aenter__()
    task, _ = await begun(dying, caller, script)
    await dying.die()
    await ask(lease_ended, task.id)
    async with Core(script) as other:
        stream = await other.operations.subscribe(caller, SLUG, task.id)
        last = [each.response async for each in stream][-1]
    assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_FAILED"
    assert (await ask(row_of, task.id)).reason == "lease_lost"
    assert script.arrived.empty()


async def test_what_was_not_delivered_goes_on_whatever_the_agent(script, caller):
    await ask(make_scripted, retry="never")
    dying = Core(script)
    await dying.__aenter__()
    dying.switchboard.routes.usable = lambda slug: []  # no process of the agent for now
    task = await dying.operations.send(caller, SLUG, send(return_immediately=True))
    assert task.state == "SUBMITTED"
    await dying.die()
    await ask(lease_ended, task.id)
    async with Core(script):
        (await script.turn()).say(DONE).end()
        async with asyncio.timeout(10):
            while await ask(ends_of, task.id) != ["COMPLETED"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_it_is_delivered_so_often_and_then_failed(script, caller):
    await ask(make_scripted)
    dying = Core(script)
    await dying.__aenter__()
    task, _ = await begun(dying, caller, script)
    await dying.die()
    await ask(lambda: Task.objects.filter(id=task.id).update(deliveries=MAX_DELIVERIES))
    await ask(lease_ended, task.id)
    assert await ask(take_over_lost_tasks, "somebody") == []
    assert await ask(reap_lost_tasks) == 1
    assert await ask(ends_of, task.id) == ["FAILED"]


async def test_a_cancel_that_came_too_late_for_the_lost_process_is_kept(script, caller):
    await ask(make_scripted)
    dying = Core(script)
    await dying.__aenter__()
    task, _ = await begun(dying, caller, script)
    await dying.die()
    await ask(lambda: Task.objects.filter(id=task.id).update(cancel_requested=timezone.now()))
    await ask(lease_ended, task.id)
    assert await ask(take_over_lost_tasks, "somebody") == []
    assert await ask(reap_lost_tasks) == 1
    assert await ask(ends_of, task.id) == ["CANCELED"]


async def test_a_cancel_where_the_task_was_just_lost_is_passed_on(script, caller):
    """To whoever has taken it over: the caller must not be told that it cannot be canceled while it goes on."""
    await ask(make_scripted)
    async with Core(script) as stalled, Core(script):
        stalled.switchboard.accepts = True
        task, _ = await begun(stalled, caller, script)
        await ask(lease_ended, task.id)
        await script.turn()  # the other one has it
        assert task.id in stalled.switchboard.runs
        canceled = await stalled.operations.cancel(caller, SLUG, task.id)
    assert canceled.state == "CANCELED"
    assert await ask(ends_of, task.id) == ["CANCELED"]


async def test_of_many_claimers_one_gets_it(script, caller):
    await ask(make_scripted)
    dying = Core(script)
    await dying.__aenter__()
    tasks = [(await begun(dying, caller, script))[0] for _ in range(5)]
    await dying.die()
    for task in tasks:
        await ask(lease_ended, task.id)
    claims = [ask(take_over_lost_tasks, f"claimer {n}") for n in range(8)]
    taken = [task_id for claim in await asyncio.gather(*claims) for task_id in claim]
    assert sorted(taken) == sorted(task.id for task in tasks)
    assert await ask(reap_lost_tasks) == 0  # they are held again


async def test_a_stalled_process_goes_on_with_what_nobody_took(script, caller, monkeypatch):
    """Its own lease, late: it does not race with itself."""
    await ask(make_scripted)
    async with Core(script) as core:
        task, play = await begun(core, caller, script)
        await ask(lease_ended, task.id)
        assert await taken_over(core.switchboard.owner) == []
        play.say(DONE).end()
        ended = await core.switchboard.runs[task.id].over
    assert (ended.state, ended.deliveries) == ("COMPLETED", 1)


async def test_who_waits_at_the_process_that_lost_it_hears_how_it_ended(script, caller):
    """A process that was stalled for longer than its lease; its late answer is dropped."""
    await ask(make_scripted)
    async with Core(script) as stalled:
        stalled.switchboard.accepts = True
        sending = asyncio.create_task(stalled.operations.send(caller, SLUG, send()))
        first = await script.turn()
        await ask(lease_ended, first.turn.task_id)
        async with Core(script):
            second = await script.turn()
            first.say(chunk("late"), DONE).end()
            second.say(chunk("good"), DONE).end()
            answer = await asyncio.wait_for(sending, 20)
    assert answer.state == "COMPLETED"
    assert [part["text"] for each in answer.artifacts for part in each["parts"]] == ["good"]
    assert await ask(ends_of, answer.id) == ["COMPLETED"]


async def test_a_remote_agents_task_is_listened_to_again_and_not_sent_again(script, caller):
    await ask(make_scripted, retry="never", source="remote", endpoint="https://a.example/")
    dying = Core(script)
    await dying.__aenter__()
    task, play = await begun(dying, caller, script)
    names = {"taskId": "theirs", "contextId": "theirs too"}
    play.say(Happening("upstream", names), chunk("one"), status("WORKING", "hm"))
    async with asyncio.timeout(10):
        while not (await ask(row_of, task.id)).upstream:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await dying.die()
    await ask(lease_ended, task.id)
    async with Core(script):
        resumed = (await script.turn()).turn
        assert (resumed.resumes, resumed.upstream) == (True, names)
        assert [each["artifactId"] for each in resumed.artifacts] == ["a"]
        assert [each["messageId"] for each in resumed.history] == ["a-hm"]


async def test_a_process_that_goes_down_hands_over_what_may_go_on(script, caller, monkeypatch):
    """Who waits there is answered with the task as it is; the streams there end, and go on elsewhere."""
    monkeypatch.setattr(switchboard, "DRAIN_SECONDS", 0.05)
    await ask(make_scripted)
    one = await Core(script).__aenter__()
    sending = asyncio.create_task(one.operations.send(caller, SLUG, send()))
    first = await script.turn()
    task_id = first.turn.task_id
    first.say(chunk("half"))
    stream = await one.operations.subscribe(caller, SLUG, task_id, 0)
    heard = [await anext(stream), await anext(stream)]
    await one.switchboard.stop()
    heard += [each async for each in stream]
    assert [each.seq for each in heard] == [1, 2]
    assert (await sending).state == "WORKING"
    assert first.closed.is_set()
    async with Core(script) as two:
        second = await script.turn()  # at once: nobody waits for the end of a lease
        following = await two.operations.subscribe(caller, SLUG, task_id, 2)
        second.say(chunk("whole"), DONE).end()
        heard += [each async for each in following]
    assert [each.seq for each in heard] == list(range(1, len(heard) + 1))
    assert await ask(ends_of, task_id) == ["COMPLETED"]


async def test_what_may_not_go_on_or_may_be_no_task_is_not_handed_over(script, caller, monkeypatch):
    monkeypatch.setattr(switchboard, "DRAIN_SECONDS", 0.05)
    await ask(make_scripted, retry="undelivered")
    await ask(make_scripted, "direct", direct_messages=True)
    async with Core(script) as one:
        await begun(one, caller, script)
        sending = asyncio.create_task(one.operations.send(caller, "direct", send()))
        await script.turn()
    assert (await sending).state == "FAILED"
    ends = await ask(lambda: set(Task.objects.values_list("state", "reason")))
    assert ends == {("FAILED", "agentx_stopped")}


async def test_a_look_for_lost_tasks_that_broke_is_not_the_last_one(script, caller, monkeypatch):
    broke = asyncio.Event()

    async def breaks_once(owner):
        if broke.is_set():
            return await taken_over(owner)
        broke.set()
        raise ValueError("something unforeseen")

    monkeypatch.setattr(switchboard, "taken_over", breaks_once)
    monkeypatch.setattr(switchboard, "AGAIN_SECONDS", 0.01)
    await ask(make_scripted)
    async with Core(script) as one:
        one.switchboard.accepts = True
        task, _ = await begun(one, caller, script)
        await ask(lambda: Task.objects.filter(id=task.id).update(lease_owner="somebody dead"))
        await asyncio.wait_for(broke.wait(), 20)
        await ask(lease_ended, task.id)
        again = await script.turn()
        again.say(DONE).end()
        await one.switchboard.runs[task.id].over


async def test_after_postgres_was_away_holders_renew_before_others_look(
    script, caller, monkeypatch
):
    """All leases have ended meanwhile, and nobody is gone."""
    await ask(make_scripted, retry="undelivered")
    async with Core(script) as core:
        task, play = await begun(core, caller, script)
        core.switchboard.accepts = False
        await ask(lease_ended, task.id, ago=20)
        with monkeypatch.context() as just_started:
            just_started.setattr("routing.services.losses.HOLDERS_FIRST_SECONDS", 1e9)
            assert await ask(take_over_lost_tasks, "another") == []
            assert await ask(reap_lost_tasks) == 0
        assert await core.switchboard.journal.renew([task.id], core.switchboard.owner)
        assert await ask(reap_lost_tasks) == 0
        play.say(DONE).end()
        assert (await core.switchboard.runs[task.id].over).state == "COMPLETED"


async def test_the_numbers_keep_the_promise():
    """Within 10 s of the lease's end, also when only the beat (5 s) is left to look."""
    assert TAKE_OVER_GRACE + 5.0 < 10.0
    assert 2 * LOST_SECONDS <= TAKE_OVER_GRACE
    assert 3 * RENEW_SECONDS < LEASE_SECONDS
    assert RENEW_SECONDS + 1.0 < HOLDERS_FIRST_SECONDS
