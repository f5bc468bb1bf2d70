"""Which process gets a message, and what happens when it dies, is slow, is canceled, or AgentX itself goes down."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from plugins_app.models import PluginInstance
from registry.models import Agent
from routing.delivery import delivering, switchboard
from routing.models import Task, TaskEvent
from routing.services import reap_lost_tasks, request_cancel
from security.principals import system
from security.rows import ask
from tests.echoes import Echo, add_row, make_rows
from tests.factories import make_task
from tests.web import Web, reason, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture
def mortal():
    """An echo process to kill."""
    process = Echo()
    yield process
    process.close()


def instance_of(task_id):
    return str(Task.objects.get(id=task_id).instance)


def one_terminal_state(task_id):
    """Dense numbers from 1, and one end at most: what holds for every task, whatever happened to it."""
    rows = list(TaskEvent.objects.filter(task_id=task_id).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    ends = [
        row.payload["state"]
        for row in rows
        if row.payload.get("state", "")[11:] in ("COMPLETED", "FAILED", "CANCELED", "REJECTED")
    ]
    assert len(ends) == 1
    assert rows[-1].payload["state"] == ends[0]
    return ends[0].removeprefix("TASK_STATE_")


async def test_messages_are_spread_over_the_processes(key, echo, mortal, transactional_db):
    await ask(make_rows, echo, mortal)
    async with Web(key) as web:
        tasks = await asyncio.gather(*(web.send(metadata={"sleep": 0.2}) for _ in range(8)))
        used = [await ask(instance_of, task["id"]) for task in tasks]
        assert sorted(map(used.count, set(used))) == [4, 4]


async def test_a_message_goes_to_the_living_process(key, echo, mortal, transactional_db):
    await ask(make_rows, mortal, echo)
    async with Web(key) as web:
        await asyncio.gather(*(web.send() for _ in range(4)))
        await ask(mortal.kill)
        tasks = [await web.send(f"n{n}") for n in range(6)]
        assert {state(task) for task in tasks} == {"COMPLETED"}
        used = {await ask(instance_of, task["id"]) for task in tasks}
        assert used == {echo.target.instance_id}


@pytest.mark.parametrize(("retry", "end"), [("always", "COMPLETED"), ("undelivered", "FAILED")])
async def test_a_process_that_dies_at_work(key, echo, mortal, transactional_db, retry, end):
    """The agent may have seen the message: only one that may get it twice gets it again."""
    plugin = await ask(make_rows, mortal, retry=retry)
    async with Web(key) as web:
        sending = asyncio.create_task(web.send(metadata={"sleep": 1.0}))
        await mortal.until_in_flight(1)
        await ask(add_row, plugin, echo, 1)
        await ask(mortal.kill)
        task = await sending
        assert state(task) == end
        assert await ask(one_terminal_state, task["id"]) == end
        if end == "FAILED":
            assert "process was lost" in task["status"]["message"]["parts"][0]["text"]


async def test_it_is_delivered_twice_at_most(key, transactional_db):
    first, second, third = [await ask(Echo) for _ in range(3)]
    try:
        await ask(make_rows, first, second, third)
        async with Web(key) as web:
            task = await web.send(metadata={"crash": True})
            assert state(task) == "FAILED"
            survivors = [await ask(is_alive, each.pid) for each in (first, second, third)]
            assert survivors.count(True) == 1
    finally:
        for each in (first, second, third):
            await ask(each.close)


def is_alive(pid):
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


async def test_a_message_waits_for_a_process(key, echo, transactional_db):
    plugin = await ask(make_rows)
    async with Web(key) as web:
        task = await web.later()
        assert state(task) == "SUBMITTED"
        await asyncio.sleep(0.2)
        await ask(add_row, plugin, echo)
        began = time.monotonic()
        done = await web.ended(task["id"])
        assert (state(done), text_of(done)) == ("COMPLETED", "hello")
        assert time.monotonic() - began < 5  # the routes' own poll finds it: nobody told of the row
        assert await ask(one_terminal_state, task["id"]) == "COMPLETED"


async def test_no_process_in_time_is_a_failure_with_its_reason(key, transactional_db, monkeypatch):
    monkeypatch.setattr(delivering, "FIND_PROCESS_SECONDS", 0.3)
    await ask(make_rows)
    async with Web(key) as web:
        task = await web.send()
        assert state(task) == "FAILED"
        assert "No process" in task["status"]["message"]["parts"][0]["text"]


@pytest.mark.parametrize("where", ["here", "elsewhere", "unheard"])
async def test_a_cancel_stops_the_agent_wherever_it_runs(web, key, echo, where):
    task = await web.later(metadata={"sleep": 60})
    await echo.until_in_flight(1)
    if where == "here":
        canceled = await web.result("CancelTask", {"id": task["id"]})
    elif where == "elsewhere":
        async with Web(key) as other:
            canceled = await other.result("CancelTask", {"id": task["id"]})
    else:  # Redis lost the news: the renewal of leases notices
        row = await ask(lambda: Task.objects.get(id=task["id"]))
        await ask(lambda: Task.objects.filter(id=row.id).update(cancel_requested=timezone.now()))
        held = await web.switchboard.journal.renew([task["id"]], web.switchboard.owner)
        web.switchboard._let_go([task["id"]], held)
        canceled = await web.ended(task["id"])
    assert state(canceled) == "CANCELED"
    assert await ask(one_terminal_state, task["id"]) == "CANCELED"
    again = await web.refusal("CancelTask", {"id": task["id"]})
    assert (again["code"], reason(again)) == (-32002, "TASK_NOT_CANCELABLE")
    assert not web.switchboard.runs
    await echo.until_in_flight(0)  # the agent's own work is over too


async def test_a_question_can_be_canceled(web):
    asked = await web.send(metadata={"ask": True})
    assert state(await web.result("CancelTask", {"id": asked["id"]})) == "CANCELED"
    assert await ask(one_terminal_state, asked["id"]) == "CANCELED"


async def test_cancel_and_end_at_the_same_moment_leave_one_end(web):
    for n in range(10):
        task = await web.later(metadata={"sleep": 0.01 * n})
        answer = await web.rpc("CancelTask", {"id": task["id"]})
        end = state(await web.ended(task["id"]))
        assert end in ("CANCELED", "COMPLETED")
        assert ("result" in answer) == (end == "CANCELED")
        assert await ask(one_terminal_state, task["id"]) == end


async def test_an_operator_cancels_anybodys_task(web):
    task = await web.later(metadata={"sleep": 60})
    await ask(request_cancel, system("tests"), task["id"])
    assert state(await web.ended(task["id"])) == "CANCELED"


async def test_leases_are_renewed_while_the_agent_works(web, monkeypatch):
    task = await web.later(metadata={"sleep": 60})
    before = await ask(lease_of, task["id"])
    held = await web.switchboard.journal.renew([task["id"]], web.switchboard.owner)
    assert held == {task["id"]: False}
    assert await ask(lease_of, task["id"]) > before
    assert await web.switchboard.journal.renew([task["id"]], "somebody else") == {}


def lease_of(task_id):
    return Task.objects.get(id=task_id).lease_until


def lose(task_id):
    """Its process no longer renews it, and nobody took it over in time."""
    Task.objects.filter(id=task_id).update(lease_until=timezone.now() - timedelta(seconds=5))


async def test_a_task_whose_lease_was_lost_is_failed_once_and_its_late_result_dropped(web):
    task = await web.later(metadata={"sleep": 1.0})
    await ask(lose, task["id"])
    await ask(reap_lost_tasks)
    assert await ask(reap_lost_tasks) == 0
    got = await web.result("GetTask", {"id": task["id"]})
    assert state(got) == "FAILED"
    assert got["status"]["message"]["parts"][0]["text"]
    await asyncio.wait_for(web.switchboard.runs[task["id"]].settled, 5)
    assert await ask(one_terminal_state, task["id"]) == "FAILED"
    row = await ask(lambda: Task.objects.get(id=task["id"]))
    assert (row.reason, row.artifacts, row.lease_owner) == ("lease_lost", [], "")


async def test_who_waits_for_a_task_that_was_lost_is_told_how_it_ended(web):
    sending = asyncio.create_task(web.send(metadata={"sleep": 1.0}))
    while not web.switchboard.runs:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    (task_id,) = web.switchboard.runs
    await ask(lose, task_id)
    await ask(reap_lost_tasks)
    assert state(await sending) == "FAILED"


async def test_the_reaper_leaves_alone_what_is_held_or_waits_for_a_caller(web):
    held = await web.later(metadata={"sleep": 60})
    asked = await web.send(metadata={"ask": True})
    assert await ask(reap_lost_tasks) == 0
    assert state(await web.result("GetTask", {"id": held["id"]})) == "WORKING"
    assert state(await web.result("GetTask", {"id": asked["id"]})) == "INPUT_REQUIRED"


async def test_going_down_waits_a_little_and_fails_the_rest_with_a_reason(
    key, echo, transactional_db, monkeypatch
):
    monkeypatch.setattr(switchboard, "DRAIN_SECONDS", 0.6)
    await ask(make_rows, echo, retry="undelivered")
    async with Web(key) as web:
        quick = await web.later(metadata={"sleep": 0.3})
        long = await web.later(metadata={"sleep": 60})
    assert await ask(one_terminal_state, quick["id"]) == "COMPLETED"
    assert await ask(one_terminal_state, long["id"]) == "FAILED"
    row = await ask(lambda: Task.objects.get(id=long["id"]))
    assert row.reason == "agentx_stopped"


async def test_a_stopped_agent_is_refused_at_once(key, transactional_db):
    await ask(make_rows)
    await ask(lambda: Agent.objects.filter(slug="echo").update(state="shutdown"))
    async with Web(key) as web:
        refused = await web.refusal("SendMessage", {"message": {**HELLO}})
        assert reason(refused) == "AGENT_UNREACHABLE"


HELLO = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hello"}]}


async def test_routes_follow_the_rows(web, echo):
    instance = await ask(lambda: PluginInstance.objects.get(id=echo.target.instance_id))
    instance.state = "draining"
    await ask(instance.save)
    await web.switchboard.routes.refresh()
    assert web.switchboard.routes.usable("echo") == []
    instance.state = "degraded"
    await ask(instance.save)
    await web.switchboard.news.publish("routes")
    await asyncio.wait_for(until_usable(web), 1)


async def until_usable(web):
    while not web.switchboard.routes.usable("echo"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_many_at_once_keep_their_own_words_and_dense_numbers(web):
    tasks = await asyncio.gather(*(web.send(f"word {n}") for n in range(60)))
    assert [text_of(task) for task in tasks] == [f"word {n}" for n in range(60)]
    for task in tasks[::10]:
        assert await ask(one_terminal_state, task["id"]) == "COMPLETED"


async def test_a_waiting_message_holds_no_database_connection(web):
    """Open, wait, close: nothing is held while the agent thinks."""
    tasks = await asyncio.gather(*(web.later(metadata={"sleep": 1.5}) for _ in range(40)))
    assert len(web.switchboard.runs) == 40
    assert await ask(sessions) < 12
    done = await asyncio.gather(*(web.ended(task["id"]) for task in tasks))
    assert {state(task) for task in done} == {"COMPLETED"}


def sessions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


async def test_a_task_of_nobody_is_not_disturbed_by_a_reaper_of_others(web):
    agent = await ask(lambda: Agent.objects.get(slug="echo"))
    lost = await ask(
        make_task,
        agent,
        state="WORKING",
        lease_until=timezone.now() - timedelta(seconds=5),
        lease_owner="a web process that is gone",
    )
    await ask(reap_lost_tasks)
    assert await ask(one_terminal_state, lost.id) == "FAILED"


async def test_the_callers_trace_is_kept_for_every_turn_of_its_task(web):
    trace = "0af7651916cd43dd8448eb211c80319c"
    message = {"messageId": str(uuid4()), "role": "ROLE_USER", "parts": [{"text": "hello"}]}
    traceparent = f"00-{trace}-b7ad6b7169203331-01"
    status, told = await web.call(
        "POST", "/message:send", {"message": message}, traceparent=traceparent
    )
    assert status == 200
    request = await ask(lambda: Task.objects.get(id=told["task"]["id"]).request)
    assert request["trace"] == trace
