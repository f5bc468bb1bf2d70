"""A2A messages end to end: HTTP in, a real plugin process, rows out."""

import asyncio

import pytest

from routing.models import Message, Task, TaskEvent
from security.rows import ask
from tests.web import Web, message, reason, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


async def test_a_message_is_answered_and_every_step_is_a_row(web):
    task = await web.send("hello")
    assert (state(task), text_of(task)) == ("COMPLETED", "hello")
    assert [each["messageId"] for each in task["history"]] == ["m-1"]

    row = await ask(lambda: Task.objects.get(id=task["id"]))
    assert (row.state, row.seq, row.lease_owner, row.lease_until) == ("COMPLETED", 3, "", None)
    assert row.artifacts == task["artifacts"]
    assert row.status == task["status"]
    assert row.closed == row.updated
    assert await ask(events, task["id"]) == [
        (1, "status", "TASK_STATE_WORKING"),
        (2, "artifact", None),
        (3, "status", "TASK_STATE_COMPLETED"),
    ]
    said = await ask(lambda: Message.objects.get(task_id=task["id"]))
    assert (said.role, said.intent, said.message["parts"]) == ("user", "query", [{"text": "hello"}])


def events(task_id):
    rows = TaskEvent.objects.filter(task_id=task_id).order_by("seq")
    return [(row.seq, row.kind, row.payload.get("state")) for row in rows]


async def test_data_and_files_come_back_as_they_went(web):
    parts = [
        {"data": {"a": [1, None, 2.5, "ü"]}, "mediaType": "application/json"},
        {"raw": "AAECAw==", "filename": "four.bin", "mediaType": "application/octet-stream"},
        {"url": "https://example.org/x.png"},
        {"text": "and words", "metadata": {"tone": "dry"}},
    ]
    task = await web.send(parts=parts)
    assert task["artifacts"][0]["parts"] == parts


async def test_a_number_beyond_all_integers_can_be_told_again(web):
    parts = [{"data": [6.02214076e23, 2**64 + 1, 1e300, -(2**63)]}]
    asked = await web.send(parts=parts, metadata={"ask": True})
    (listed,) = (await web.result("ListTasks", {"historyLength": 5}))["tasks"]
    assert listed["history"][0]["parts"][0]["data"] == [6.02214076e23, 2.0**64, 1e300, -(2**63)]
    done = await web.send("on", messageId="m-2", taskId=asked["id"])
    assert state(done) == "COMPLETED"


async def test_both_addresses_answer(web):
    for path in ("/a2a/echo", "/a2a/echo/"):
        body = {"jsonrpc": "2.0", "id": "x", "method": "SendMessage"}
        answer = await web.post(path, body | {"params": {"message": message()}})
        assert answer.status == 200
        assert (await answer.json())["id"] == "x"


async def test_history_length_bounds_what_is_told(web):
    assert "history" not in await web.send(configuration={"historyLength": 0})
    task = await web.send(configuration={"historyLength": 1})
    assert len(task["history"]) == 1
    got = await web.result("GetTask", {"id": task["id"], "historyLength": 0})
    assert "history" not in got


@pytest.mark.parametrize(
    ("wish", "wanted", "words"),
    [
        ({"fail": "no luck"}, "FAILED", "no luck"),
        ({"reject": "not that"}, "REJECTED", "not that"),
    ],
)
async def test_a_turn_that_goes_wrong_says_why(web, wish, wanted, words):
    task = await web.send(metadata=wish)
    assert state(task) == wanted
    assert task["status"]["message"]["parts"] == [{"text": words}]
    row = await ask(lambda: Task.objects.get(id=task["id"]))
    assert row.closed is not None
    assert row.reason


async def test_a_task_that_asks_goes_on_with_the_answer(web):
    asked = await web.send("start", metadata={"ask": "Which name?"})
    assert state(asked) == "INPUT_REQUIRED"
    assert asked["status"]["message"]["parts"] == [{"text": "Which name?"}]

    done = await web.send("Bob", messageId="m-2", taskId=asked["id"], metadata={"ask": True})
    assert done["id"] == asked["id"]
    assert done["contextId"] == asked["contextId"]
    assert (state(done), text_of(done)) == ("COMPLETED", "Bob")
    said = [part["text"] for each in done["history"] for part in each["parts"]]
    assert said == ["start", "Which name?", "Bob"]
    numbers = [seq for seq, _, _ in await ask(events, asked["id"])]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_rules_for_messages_that_name_a_task(web):
    task = await web.send()
    over = await web.refusal("SendMessage", {"message": message(taskId=task["id"])})
    assert (over["code"], reason(over)) == (-32004, "UNSUPPORTED_OPERATION")
    unknown = await web.refusal("SendMessage", {"message": message(taskId="nope")})
    assert unknown["code"] == -32001

    asked = await web.send(metadata={"ask": True})
    elsewhere = message(taskId=asked["id"], contextId="another")
    assert (await web.refusal("SendMessage", {"message": elsewhere}))["code"] == -32602

    busy = await web.later(metadata={"sleep": 5})
    early = await web.refusal("SendMessage", {"message": message(taskId=busy["id"])})
    assert early["code"] == -32004


async def test_of_two_answers_to_one_question_one_wins(web):
    asked = await web.send(metadata={"ask": True})
    both = [
        web.rpc(
            "SendMessage",
            {"message": message(str(n), messageId=f"r-{n}", taskId=asked["id"])},
        )
        for n in range(2)
    ]
    answers = await asyncio.gather(*both)
    assert sorted("result" in answer for answer in answers) == [False, True]
    numbers = [seq for seq, _, _ in await ask(events, asked["id"])]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_context_is_kept_and_belongs_to_its_caller(web, other_key):
    first = await web.send(contextId="my-context")
    second = await web.send(contextId="my-context")
    assert first["contextId"] == second["contextId"] == "my-context"
    assert first["id"] != second["id"]

    async with Web(other_key) as other:
        refused = await other.refusal("SendMessage", {"message": message(contextId="my-context")})
        assert refused["code"] == -32602


async def test_return_immediately_answers_while_the_agent_works(web):
    task = await web.later(agent="slow")
    assert state(task) == "WORKING"
    done = await web.ended(task["id"], "slow")
    assert (state(done), text_of(done)) == ("COMPLETED", "hello")


async def test_a_caller_who_leaves_loses_nothing(web):
    sending = asyncio.create_task(web.send("still here", agent="slow"))
    while not web.switchboard.runs:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    sending.cancel()
    listing = await web.result("ListTasks", {}, "slow")
    done = await web.ended(listing["tasks"][0]["id"], "slow")
    assert (state(done), text_of(done)) == ("COMPLETED", "still here")


async def test_lists_are_pages_newest_first(web):
    ids = [(await web.send(messageId=f"m-{n}", contextId="c-1"))["id"] for n in range(5)]
    await web.send(contextId="c-2", metadata={"fail": True})

    seen, token = [], ""
    while True:
        asked = {"pageSize": 2, "pageToken": token, "contextId": "c-1"}
        page = await web.result("ListTasks", asked)
        assert page["totalSize"] == 5
        assert page["pageSize"] == 2
        seen += [task["id"] for task in page["tasks"]]
        if not (token := page["nextPageToken"]):
            break
    assert seen == ids[::-1]

    failed = await web.result("ListTasks", {"status": "TASK_STATE_FAILED"})
    assert failed["totalSize"] == 1
    assert "artifacts" not in failed["tasks"][0]
    full = await web.result("ListTasks", {"includeArtifacts": True, "contextId": "c-1"})
    assert all("artifacts" in task for task in full["tasks"])
    newest = full["tasks"][0]["status"]["timestamp"]
    since = await web.result("ListTasks", {"statusTimestampAfter": newest, "contextId": "c-1"})
    assert [task["id"] for task in since["tasks"]] == [ids[-1]]


async def test_an_empty_list_has_all_four_fields(web):
    page = await web.result("ListTasks", {})
    assert page == {"tasks": [], "nextPageToken": "", "pageSize": 50, "totalSize": 0}


async def test_tasks_are_their_callers_alone(web, other_key):
    task = await web.send()
    async with Web(other_key) as other:
        for method in ("GetTask", "CancelTask", "SubscribeToTask"):
            refused = await other.refusal(method, {"id": task["id"]})
            assert refused["code"] == -32001
        assert (await other.result("ListTasks", {}))["totalSize"] == 0
        mine = await other.refusal("SendMessage", {"message": message(taskId=task["id"])})
        assert mine["code"] == -32001


async def test_a_task_is_found_at_its_own_agent_only(web):
    task = await web.send()
    assert (await web.refusal("GetTask", {"id": task["id"]}, "slow"))["code"] == -32001
