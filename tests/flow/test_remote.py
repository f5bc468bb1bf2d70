"""Agents elsewhere, through AgentX's own doors: all that a caller can do with an agent here."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from registry.models import Agent, Upstream
from registry.services import register_remote_agent
from routing.models import Task
from security.principals import system
from security.rows import ask
from tests.far import Far, said, status
from tests.web import Web, message, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
US = system("tests")


@pytest.fixture(autouse=True)
def near(settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]


@pytest_asyncio.fixture
async def far() -> AsyncIterator[Far]:
    async with Far() as far:
        yield far


@pytest_asyncio.fixture
async def web(key: str, far: Far) -> AsyncIterator[Web]:
    await register(far)
    async with Web(key) as web:
        yield web


async def register(far: Far, **fields: Any) -> Agent:
    told = {"name": "far", "endpoint": f"{far.url}/"} | fields
    agent = await ask(register_remote_agent, US, **told)
    streaming = {"streaming": far.streaming}
    await ask(Upstream.objects.filter(agent=agent).update, **streaming)
    return agent


async def upstream_of(task: dict[str, Any]) -> dict[str, Any] | None:
    return (await ask(Task.objects.get, id=task["id"])).upstream


async def streamed(web: Web, text: str, **fields: Any) -> list[dict[str, Any]]:
    params = {"message": message(text, **fields)}
    return [each async for each in web.stream("SendStreamingMessage", params, "far")]


async def test_send(web: Web, far: Far) -> None:
    task = await web.send("echo hello", "far")
    assert (state(task), text_of(task)) == ("COMPLETED", "hello")
    assert task["id"] != "far-1"
    assert await upstream_of(task) == {"taskId": "far-1", "contextId": "far-context-1"}
    sent = await far.until_asked("SendStreamingMessage")
    assert "taskId" not in sent["message"]
    assert sent["message"]["parts"] == [{"text": "echo hello"}]


async def test_get_list_and_the_agent_s_own_words(web: Web) -> None:
    task = await web.send("echo hello", "far")
    got = await web.result("GetTask", {"id": task["id"]}, "far")
    assert got["artifacts"] == task["artifacts"]
    listed = await web.result("ListTasks", {}, "far")
    assert [each["id"] for each in listed["tasks"]] == [task["id"]]


async def test_stream(web: Web, far: Far) -> None:
    far.release.set()
    told = await streamed(web, "count")
    said = [next(iter(each)) for each in told if "WORKING" not in str(each.get("statusUpdate"))]
    assert said == ["task", *["artifactUpdate"] * 3, "statusUpdate"]
    ids = {each["taskId"] for response in told[1:] for each in response.values()}
    assert ids == {told[0]["task"]["id"]}
    got = await web.result("GetTask", {"id": told[0]["task"]["id"]}, "far")
    assert text_of(got) == "one two three"


async def test_a_direct_message(web: Web) -> None:
    result = await web.result("SendMessage", {"message": message("direct hi")}, "far")
    assert result["message"]["parts"] == [{"text": "direct hi"}]
    assert "taskId" not in result["message"]
    [told] = await streamed(web, "direct hi")
    assert set(told) == {"message"}


async def test_several_turns_by_the_task_alone(web: Web, far: Far) -> None:
    asked = await web.send("ask", "far")
    assert state(asked) == "INPUT_REQUIRED"
    assert asked["status"]["message"]["parts"] == [{"text": "What?"}]
    task = await web.send("echo this", "far", taskId=asked["id"], messageId="m-2")
    assert (state(task), text_of(task)) == ("COMPLETED", "this")
    sent = await far.until_asked("SendStreamingMessage", 2)
    assert (sent["message"]["taskId"], sent["message"]["contextId"]) == ("far-1", "far-context-1")


async def test_a_conversation_keeps_the_upstream_s_context(web: Web, far: Far) -> None:
    first = await web.send("echo one", "far")
    await web.send("echo two", "far", contextId=first["contextId"], messageId="m-2")
    sent = await far.until_asked("SendStreamingMessage", 2)
    assert sent["message"]["contextId"] == "far-context-1"
    assert "taskId" not in sent["message"]


async def test_cancel_goes_there(web: Web, far: Far) -> None:
    task = await web.later("hold", "far")
    await web.result("CancelTask", {"id": task["id"]}, "far")
    asked = await far.until_asked("CancelTask")
    assert asked["id"] == "far-1"
    got = await web.result("GetTask", {"id": task["id"]}, "far")
    assert state(got) == "CANCELED"


async def test_cancel_of_a_task_that_waits_for_input_goes_there(web: Web, far: Far) -> None:
    task = await web.send("ask", "far")
    await web.result("CancelTask", {"id": task["id"]}, "far")
    await far.until_asked("CancelTask")


async def test_without_streams_it_is_asked_again_and_again(key: str) -> None:
    async with Far(streaming=False) as far:
        await register(far)
        async with Web(key) as web:
            far.release.set()
            told = await streamed(web, "count")
            assert text_of(await web.ended(told[0]["task"]["id"], "far")) == "one two three"
            assert "SendStreamingMessage" not in far.verbs()


async def test_a_lost_stream_is_found_again(web: Web, far: Far) -> None:
    sent = asyncio.create_task(web.send("count", "far"))
    await far.until_asked("SendStreamingMessage")
    far.cut()
    await far.until_asked("SubscribeToTask")
    far.release.set()
    task = await sent
    assert (state(task), text_of(task)) == ("COMPLETED", "one two three")


async def test_an_agent_that_was_away_for_a_moment(web: Web, far: Far) -> None:
    sent = asyncio.create_task(web.send("count", "far"))
    await far.until_asked("SendStreamingMessage")
    await far.stop()
    async with Far(far.port) as back:
        back.tasks = far.tasks
        task = far.tasks["far-1"]
        back.tell("far-1", status(task, "COMPLETED", said("Back.")))
        ended = await sent
    assert (state(ended), text_of(ended)) == ("COMPLETED", "one two ")
    assert ended["status"]["message"]["parts"] == [{"text": "Back."}]


async def test_an_agent_that_forgot_its_task(web: Web, far: Far) -> None:
    sent = asyncio.create_task(web.send("count", "far"))
    await far.until_asked("SendStreamingMessage")
    await far.stop()
    async with Far(far.port):
        task = await sent
    assert state(task) == "FAILED"
    assert "does not know the task" in task["status"]["message"]["parts"][0]["text"]


async def test_connections_are_kept(web: Web, far: Far) -> None:
    for number in range(5):
        await web.send("echo hello", "far", messageId=f"m-{number}")
    assert len(far.peers) == 1


async def test_the_caller_is_not_told_there(web: Web, far: Far) -> None:
    await web.send("echo hello", "far")
    sent = far.headers[0]
    assert "Authorization" not in sent
    assert sent["AgentX-Hops"] == "1"
    assert sent["A2A-Version"] == "1.0"
    assert len(sent["X-Request-ID"]) >= 8


@pytest.mark.parametrize(
    ("credentials", "header", "value"),
    [
        ({"scheme": "bearer", "token": "t0ken"}, "Authorization", "Bearer t0ken"),
        (
            {"scheme": "basic", "username": "u", "password": "p"},
            "Authorization",
            "Basic dTpw",
        ),
        ({"scheme": "apiKey", "value": "v", "name": "X-Key"}, "X-Key", "v"),
    ],
)
async def test_our_credential_is_shown(
    key: str, far: Far, credentials: dict[str, str], header: str, value: str
) -> None:
    await register(far, credentials=credentials)
    async with Web(key) as web:
        await web.send("echo hello", "far")
    assert far.headers[0][header] == value
