"""An agent that answers with a message and no task: what its callers see, and what they never see."""

import asyncio

import pytest

from routing.errors import TaskNotCancelable, TaskNotFound
from routing.models import Message, Task
from routing.requests import Listing
from security.rows import ask
from tests.scripted import DONE, Core, Script, chunk, make_scripted, reply, send, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SLUG = "scripted"


@pytest.fixture
def script(transactional_db):
    make_scripted(direct_messages=True)
    return Script()


@pytest.mark.parametrize("immediately", [False, True])
async def test_a_message_is_the_whole_answer(script, caller, immediately):
    async with Core(script) as core:
        asked = send(return_immediately=immediately)
        sending = asyncio.create_task(core.operations.send(caller, SLUG, asked))
        play = await script.turn()
        await asyncio.sleep(0)
        assert (
            not sending.done()
        )  # returnImmediately has no effect before it is known that there is a task
        play.say(reply("hi")).end()
        answer = (await sending).response()
        assert answer["message"]["parts"] == [{"text": "hi"}]
        assert "taskId" not in answer["message"]
        said = await ask(lambda: list(Message.objects.order_by("created").values_list("role")))
        assert said == [("user",), ("agent",)]


async def test_nobody_sees_its_task_by_a2a(script, caller):
    async with Core(script) as core:
        sending = asyncio.create_task(core.operations.send(caller, SLUG, send()))
        play = await script.turn()
        task_id = play.turn.task_id
        for _ in ("undecided", "answered"):
            for refused in (
                core.operations.task(caller, SLUG, task_id, None),
                core.operations.cancel(caller, SLUG, task_id),
            ):
                with pytest.raises(TaskNotFound):
                    await refused
            with pytest.raises(TaskNotFound):
                await core.operations.subscribe(caller, SLUG, task_id)
            assert (await core.operations.tasks(caller, SLUG, Listing())).total == 0
            play.say(reply("hi")).end()
            await sending
        row = await ask(lambda: Task.objects.get(id=task_id))
        assert (row.is_direct, row.state, row.seq) == (True, "COMPLETED", 2)


async def test_a_stream_of_a_message_is_that_message(script, caller):
    async with Core(script) as core:
        stream = await core.operations.stream(caller, SLUG, send())
        (await script.turn()).say(reply("hi")).end()
        told = [each.response async for each in stream]
        assert [list(each) for each in told] == [["message"]]


async def test_an_agent_that_does_not_reply_has_a_task(script, caller):
    async with Core(script) as core:
        stream = await core.operations.stream(caller, SLUG, send())
        play = await script.turn()
        first = asyncio.ensure_future(anext(stream))
        play.say(chunk("one"))
        opened = (await first).response["task"]
        assert "artifacts" not in opened  # as the turn began: what follows is told as events
        assert (await core.operations.task(caller, SLUG, opened["id"], None)).artifacts
        play.say(DONE).end()
        rest = [next(iter(each.response)) async for each in stream]
        assert rest == ["artifactUpdate", "statusUpdate"]


async def test_a_failure_before_the_first_word_is_a_task(script, caller):
    async with Core(script) as core:
        sending = asyncio.create_task(core.operations.send(caller, SLUG, send()))
        (await script.turn()).end()
        answer = (await sending).response()["task"]
        assert answer["status"]["state"] == "TASK_STATE_FAILED"


@pytest.mark.parametrize(
    "words",
    [[status("WORKING", "hm"), reply("hi")], [reply("hi"), DONE], [chunk("x"), reply("hi")]],
)
async def test_a_message_beside_other_events_is_not_understood(script, caller, words):
    async with Core(script) as core:
        sending = asyncio.create_task(core.operations.send(caller, SLUG, send()))
        (await script.turn()).say(*words).end()
        task = await sending
        assert (task.state, task.reason) == ("FAILED", "invalid_agent_response")


async def test_to_who_has_a_task_already_a_message_is_its_last_word(script, caller):
    await ask(make_scripted, "undeclared")
    async with Core(script) as core:
        sending = asyncio.create_task(core.operations.send(caller, "undeclared", send()))
        (await script.turn()).say(reply("hi")).end()
        task = (await sending).response()["task"]
        assert task["status"]["message"]["taskId"] == task["id"]
        with pytest.raises(TaskNotCancelable):
            await core.operations.cancel(caller, "undeclared", task["id"])
