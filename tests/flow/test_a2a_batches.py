"""JSON-RPC 2.0's batches and notifications, to the letter of its specification."""

import asyncio

import pytest

from routing import limits
from routing.models import Task
from security.rows import ask
from tests.web import call, message, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

PATH = "/a2a/echo/"


def notification(method, params):
    return {"jsonrpc": "2.0", "method": method, "params": params}


async def test_a_batch_is_answered_entry_by_entry(web):
    batch = [
        call("SendMessage", {"message": message("one")}, "a"),
        notification("GetTask", {"id": "x"}),
        {"foo": "boo"},
        call("Nonsense", {}, "b"),
        1,
        [],
        call("GetTask", {"id": "nope"}, "c"),
        call("GetTask", [1], "d"),
        {"jsonrpc": "2.0", "method": 1, "params": "bar"},
    ]
    answer = await web.post(PATH, batch)
    told = {each["id"]: each for each in await answer.json() if each["id"] is not None}
    unnamed = [each["error"]["code"] for each in await answer.json() if each["id"] is None]
    assert answer.status == 200
    assert state(told["a"]["result"]["task"]) == "COMPLETED"
    codes = {key: each["error"]["code"] for key, each in told.items() if key != "a"}
    assert codes == {"b": -32601, "c": -32001, "d": -32602}
    assert unnamed == [-32600] * 4


async def test_an_empty_batch_and_a_long_one_are_one_error(web):
    for batch in ([], [call("ListTasks", {})] * (limits.MAX_BATCH + 1)):
        answer = await web.post(PATH, batch)
        told = await answer.json()
        assert (answer.status, told["id"], told["error"]["code"]) == (200, None, -32600)
    longest = await web.post(PATH, [call("GetTask", {"id": "x"})] * limits.MAX_BATCH)
    assert len(await longest.json()) == limits.MAX_BATCH


async def test_a_batch_of_notifications_has_no_answer(web):
    batch = [notification("SendMessage", {"message": message(str(n))}) for n in range(3)]
    answer = await web.post(PATH, batch)
    assert (answer.status, await answer.read()) == (204, b"")
    assert await ask(Task.objects.count) == 3


async def test_a_notification_is_done_and_never_answered(web):
    for body in (
        notification("SendMessage", {"message": message()}),
        notification("SendStreamingMessage", {"message": message()}),
        notification("message/send", {}),
        notification("SendMessage", {"message": {}}),
        notification("SubscribeToTask", {"id": "x"}),
        notification("Nonsense", {}),
        {"jsonrpc": "2.0", "method": "ListTasks"},
    ):
        answer = await web.post(PATH, body)
        assert (answer.status, await answer.read()) == (204, b""), body
    async with asyncio.timeout(10):
        while await ask(Task.objects.filter(state="COMPLETED").count) != 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_nobody_waits_for_a_notification(web):
    wish = {"message": message(metadata={"sleep": 30})}
    answer = await web.post(PATH, notification("SendMessage", wish))
    assert answer.status == 204
    listed = await web.result("ListTasks", {})
    assert state(listed["tasks"][0]) == "WORKING"
    await web.result("CancelTask", {"id": listed["tasks"][0]["id"]})


async def test_a_stream_is_no_part_of_a_batch(web):
    batch = [call("SendStreamingMessage", {"message": message()}), call("ListTasks", {}, 2)]
    first, second = await (await web.post(PATH, batch)).json()
    assert (first["id"], first["error"]["code"]) == (1, -32004)
    assert second["result"]["totalSize"] == 0


async def test_entries_run_side_by_side_but_not_all_at_once(web):
    count = limits.MAX_BATCH_AT_ONCE + 2
    wishes = [
        call("SendMessage", {"message": message(messageId=f"m-{n}", metadata={"sleep": 0.4})}, n)
        for n in range(count)
    ]
    running = asyncio.create_task(web.post(PATH, wishes))
    most = 0
    while not running.done():
        most = max(most, len(web.switchboard.runs))
        await asyncio.sleep(0.01)
    told = await (await running).json()
    assert [each["id"] for each in told] == list(range(count))
    assert 1 < most <= limits.MAX_BATCH_AT_ONCE


async def test_a_batch_of_0_3_and_of_1_0_needs_each_its_version(web):
    batch = [call("tasks/get", {"id": "x"}, 1), call("GetTask", {"id": "x"}, 2)]
    headers = web.headers()
    del headers["A2A-Version"]
    old = await (await web.post(PATH, batch, headers)).json()
    assert [each["error"]["code"] for each in old] == [-32001, -32009]
    new = await (await web.post(PATH, batch)).json()
    assert [each["error"]["code"] for each in new] == [-32009, -32001]
