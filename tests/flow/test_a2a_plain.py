"""The probes, the plain send, and who answers at the front door."""

import pytest

from registry.models import Node
from routing.models import Message
from security.rows import ask
from tests.factories import make_node
from tests.web import Web, message, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


async def test_ready_names_what_is_missing(web):
    assert (await (await web.get("/health")).json())["status"] == "ok"
    answer = await web.get("/ready")  # the rows of `hosted` bring a node
    assert answer.status == 200
    assert set((await answer.json())["checks"].values()) == {"ok"}
    await ask(lambda: Node.objects.update(state="disconnected"))
    answer = await web.get("/ready")
    assert answer.status == 503
    assert "node" in (await answer.json())["checks"]["node"]
    await ask(make_node, "second")
    assert (await web.get("/ready")).status == 200


async def test_a_plain_send(web):
    body = {"to": "echo", "intent": "command", "payload": {"type": "text", "content": "hi"}}
    answer = await web.post("/api/v1/messages/send", body)
    told = await answer.json()
    assert (answer.status, told["state"], told["text"]) == (200, "COMPLETED", "hi")
    row = await ask(lambda: Message.objects.get(task_id=told["task_id"]))
    assert row.intent == "command"
    data = {"to": "echo", "payload": {"type": "data", "content": {"a": 1}}}
    told = await (await web.post("/api/v1/messages/send", data)).json()
    assert told["artifacts"][0]["parts"] == [{"data": {"a": 1}}]


async def test_a_plain_notification_does_not_wait(web):
    body = {"to": "slow", "intent": "notification", "payload": {"content": "hi"}}
    told = await (await web.post("/api/v1/messages/send", body)).json()
    assert told["state"] == "WORKING"


BAD_SENDS = [
    (b"{", None),
    ([], None),
    ({}, "to"),
    ({"to": "echo", "intent": "wish"}, "intent"),
    ({"to": "echo"}, "payload"),
    ({"to": "echo", "payload": {"type": "text", "content": 5}}, "payload.content"),
    ({"to": "echo", "payload": {"type": "image", "content": ""}}, "payload.type"),
]


async def test_a_plain_send_refuses_with_a_problem(web):
    for body, field in BAD_SENDS:
        answer = await web.post("/api/v1/messages/send", body)
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
        problem = await answer.json()
        assert problem["code"] == "invalid_input"
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert list(problem.get("fields", [])) == ([field] if field else [])


async def test_a_plain_send_refuses_strangers_and_large_bodies_with_a_problem(web):
    async with Web(None) as stranger:
        answer = await stranger.post(
            "/api/v1/messages/send", {"to": "echo", "payload": {"content": "x"}}
        )
        assert answer.status == 401
    answer = await web.post("/api/v1/messages/send", b"x" * 20_000_000)
    assert answer.status == 413
    assert (await answer.json())["code"] == "too_large"


async def test_the_front_door_answers_with_the_default_agent(web, settings):
    assert state(await web.send("hello", agent="router")) == "COMPLETED"
    settings.DEFAULT_AGENT = ""
    refusal = await web.refusal("SendMessage", {"message": message("hello")}, agent="router")
    assert "No default agent" in refusal["message"]
