"""Agents elsewhere, through AgentX's own doors: all that a caller can do with an agent here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web as http
from django.utils import timezone

from registry.models import Agent, Upstream
from registry.services import note_look, register_remote_agent
from registry.services.credentials import sealed
from registry.sightings import Look
from routing.limits import MAX_HOPS, UNPACED_BYTES
from routing.models import Task
from routing.services import request_cancel, withdrawn
from security.principals import system
from security.rows import ask
from tests.far import Far, begun, event, said, status
from tests.web import Web, call, message, reason, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
US = system("tests")


@pytest.fixture(autouse=True)
def near(settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]


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


def drops_into(
    size: int, done: asyncio.Event
) -> Callable[[http.Request], Awaitable[http.StreamResponse]]:
    """An artifact of this size, and a hundred drops one after the other."""

    async def answer(request: http.Request) -> http.StreamResponse:
        call = await request.json()
        response = await begun(request)
        named = {"taskId": "far-9", "contextId": "c"}
        working = {"state": "TASK_STATE_WORKING"}
        await event(response, call, {"task": {"id": "far-9", "contextId": "c", "status": working}})
        for drop in ["x" * size, *"x" * 100]:
            artifact = {"artifactId": "a", "parts": [{"text": drop}]}
            update = named | {"artifact": artifact, "append": drop == "x"}
            await event(response, call, {"artifactUpdate": update})
            await asyncio.sleep(0.005)
        done.set()
        await asyncio.sleep(60)
        return response

    return answer


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


async def test_a_cancel_from_the_console_goes_there_once(web: Web, far: Far) -> None:
    task = await web.send("ask", "far")
    admin = system("console")
    await ask(request_cancel, admin, task["id"])
    await far.until_asked("CancelTask")
    assert await ask(withdrawn) == []
    await web.send("echo this", "far", messageId="m-2")
    assert far.verbs().count("CancelTask") == 1


async def test_a_cancel_whose_news_was_lost_goes_there(web: Web, far: Far) -> None:
    task = await web.send("ask", "far")
    await ask(
        lambda: Task.objects.filter(id=task["id"]).update(
            state="CANCELED", closed=timezone.now(), cancel_requested=timezone.now()
        )
    )
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


CREDENTIALS = [
    ({"scheme": "bearer", "token": "t0ken"}, "Authorization", "Bearer t0ken"),
    ({"scheme": "basic", "username": "u", "password": "p"}, "Authorization", "Basic dTpw"),
    ({"scheme": "apiKey", "value": "v", "name": "X-Key"}, "X-Key", "v"),
]


async def test_our_credential_is_shown(web: Web, far: Far) -> None:
    for credentials, header, value in CREDENTIALS:
        await register(far, credentials=credentials)
        await web.switchboard.routes.refresh()
        await web.send("echo hello", "far")
        assert far.headers[-1][header] == value


async def test_extensions_that_no_header_can_hold_are_not_told_on(web: Web, far: Far) -> None:
    named = ["urn:a", "urn:b\r\nX-Evil: 1", "urn:c, urn:d", "urn:é", "urn:" + "e" * 600]
    await web.result("SendMessage", {"message": message("echo hello", extensions=named)}, "far")
    assert far.headers[-1]["A2A-Extensions"] == "urn:a"


async def test_an_agent_that_says_much_is_heard_less_often(
    web: Web, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change of a large artifact writes all of it: whoever grows it in drops must not hold up the others."""
    monkeypatch.setattr("routing.delivery.delivering.PACE_SECONDS", 60)
    journal, changes = web.switchboard.journal, []

    async def noted(*step: Any, **patience: Any) -> None:
        changes.append(step)
        await journal_change(*step, **patience)

    journal_change = journal.change
    monkeypatch.setattr(journal, "change", noted)
    far.answers["SendStreamingMessage"] = drops_into(2 * UNPACED_BYTES, far.release)
    immediately = {"message": message("grow"), "configuration": {"returnImmediately": True}}
    task = (await web.result("SendMessage", immediately, "far"))["task"]
    await asyncio.wait_for(far.release.wait(), 20)
    assert len(changes) < 5
    assert state(await web.result("CancelTask", {"id": task["id"]}, "far")) == "CANCELED"


async def test_an_agentx_registered_at_itself_does_not_go_in_circles(key: str, far: Far) -> None:
    await register(far)
    async with Web(key) as web:
        url = f"{web.url}/a2a/far/"
        await ask(
            Upstream.objects.update,
            url=url,
            revision=7,
            credentials=sealed({"scheme": "bearer", "token": key}),
        )
        await web.switchboard.routes.refresh()
        task = await web.send("echo hello", "far")
        assert state(task) == "FAILED"
        assert "goes in circles" in task["status"]["message"]["parts"][0]["text"]
        assert await ask(Task.objects.count) == MAX_HOPS + 1
    assert far.asked == []


async def test_it_is_down(web: Web, far: Far) -> None:
    await far.stop()
    answer = await web.post("/a2a/far/", call("SendMessage", {"message": message()}))
    assert answer.status == 503
    assert reason(dict((await answer.json())["error"])) == "AGENT_UNREACHABLE"
    params = {"message": message(), "configuration": {"returnImmediately": True}}
    refusal = await web.refusal("SendStreamingMessage", params, "far")
    assert "could not be reached" in refusal["message"]
    assert await ask(Task.objects.filter(state="FAILED").count) == 2


async def test_in_error_it_is_not_even_tried(web: Web, far: Far) -> None:
    agent = await ask(Agent.objects.get, slug="far")
    upstream = await ask(Upstream.objects.get, agent=agent)
    look = Look(upstream.id, is_ok=False, detail="It burns.")
    for _ in range(3):
        await ask(note_look, look)
    await web.switchboard.routes.refresh()
    refusal = await web.refusal("SendMessage", {"message": message()}, "far")
    assert refusal["message"] == "The agent far cannot be reached: It burns."
    assert far.asked == []
    await ask(note_look, Look(upstream.id, is_ok=True))
    await web.switchboard.routes.refresh()
    assert state(await web.send("echo back", "far")) == "COMPLETED"


async def test_a_private_address_is_never_called(web: Web, far: Far, settings: Any) -> None:
    settings.WEBHOOK_ALLOW = []
    refusal = await web.refusal("SendMessage", {"message": message()}, "far")
    assert "private address" in refusal["message"]
    assert far.asked == []


Answer = Callable[[http.Request], Awaitable[http.StreamResponse]]


def answering(status: int = 200, **told: Any) -> Answer:
    async def answer(_: http.Request) -> http.StreamResponse:
        return http.Response(status=status, **told)

    return answer


STREAM = "text/event-stream"
TROUBLES = [
    (answering(302, headers={"Location": "http://10.0.0.1/"}), "redirect (302)"),
    (answering(text="<html>"), "it is not JSON"),
    (answering(text="[]"), "it is no JSON object"),
    (answering(text="{}"), "it is no JSON-RPC response"),
    (answering(text="data: {\n\n", content_type=STREAM), "it is not JSON"),
    (answering(text="", content_type=STREAM), "without an event"),
    (answering(401), "does not take AgentX's credentials (401)"),
    (answering(418, text="I am a teapot"), "answers 418: I am a teapot"),
    (answering(500, text="Oh no"), "it answers 500: Oh no"),
]


async def test_answers_that_are_none(web: Web, far: Far) -> None:
    for answer, told in TROUBLES:
        far.answers["SendStreamingMessage"] = answer
        task = await web.send("echo hello", "far")
        assert state(task) == "FAILED"
        assert told in task["status"]["message"]["parts"][0]["text"]


async def test_an_answer_that_is_too_large(web: Web, far: Far, monkeypatch: Any) -> None:
    monkeypatch.setattr("routing.remote.http.MAX_UPSTREAM_BYTES", 1000)
    far.answers["SendStreamingMessage"] = answering(text='"' + "x" * 2000 + '"')
    task = await web.send("echo hello", "far")
    assert "larger than 1000 bytes" in task["status"]["message"]["parts"][0]["text"]


async def test_a_slow_agent_slows_nobody_else(web: Web, far: Far) -> None:
    slow = asyncio.create_task(web.send("hold", "far"))
    await far.until_asked("SendStreamingMessage")
    assert state(await web.send("echo quick", "far", messageId="m-2")) == "COMPLETED"
    assert not slow.done()
    far.release.set()
    assert state(await slow) == "COMPLETED"


async def test_another_process_goes_on_with_a_task_elsewhere(web: Web, far: Far, key: str) -> None:
    """As after kill -9: the lease is over, and nobody here renews it."""
    task = await web.later("count", "far")
    await far.until_asked("SendStreamingMessage")
    web.switchboard.runs[task["id"]].lose()
    lost = Task.objects.filter(id=task["id"])
    await ask(lost.update, lease_owner="gone", lease_until=timezone.now() - timedelta(seconds=60))
    async with Web(key) as other:
        await far.until_asked("SubscribeToTask")
        far.release.set()
        ended = await other.ended(task["id"], "far")
    assert (state(ended), text_of(ended)) == ("COMPLETED", "one two three")
    assert far.verbs().count("SendStreamingMessage") == 1
