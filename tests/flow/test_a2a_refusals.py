"""What the message path refuses, each with its own clear error, a request id, and no row left behind."""

import asyncio
import contextlib
import json

import pytest
from django.conf import settings

from registry.models import Agent
from routing import limits
from routing.models import Task
from security.rows import ask
from tests.echoes import make_rows
from tests.factories import expire, make_key, make_user
from tests.web import Web, call, message, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

PATH = "/a2a/echo/"


async def told(answer):
    """The error of an answer, which must be well-formed JSON-RPC with a request id."""
    body = json.loads(await answer.read())
    assert body["jsonrpc"] == "2.0"
    assert "result" not in body
    info = body["error"]["data"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["metadata"]["requestId"] == answer.headers["x-request-id"]
    assert "Traceback" not in body["error"]["message"]
    return body["error"] | {"id": body["id"], "reason": info["reason"]}


BAD_CALLS = [
    (b'{"jsonrpc": "2.0", "id": 1, "method"', -32700, None),
    (b"\xff\xfe", -32700, None),
    (b"", -32700, None),
    (b"[]", -32600, None),
    (b'"hello"', -32600, None),
    (b'{"jsonrpc": "1.0", "id": 1, "method": "GetTask"}', -32600, 1),
    (b'{"jsonrpc": "2.0", "id": {}, "method": "GetTask"}', -32600, None),
    (b'{"jsonrpc": "2.0", "id": true, "method": "GetTask"}', -32600, None),
    (b'{"jsonrpc": "2.0", "id": "a", "method": 5}', -32600, "a"),
    (b'{"jsonrpc": "2.0", "id": "a", "method": "GetTask", "params": []}', -32602, "a"),
    (b'{"jsonrpc": "2.0", "id": "a", "method": "GetTask", "params": "x"}', -32600, "a"),
    (b'{"jsonrpc": "2.0", "id": "a", "method": "Nonsense"}', -32601, "a"),
    (b'{"jsonrpc": "2.0", "id": 7, "method": "SendMessage"}', -32602, 7),
    (b'{"jsonrpc": "2.0", "id": 7, "method": "GetTask", "params": {}}', -32602, 7),
    (b'{"jsonrpc": "2.0", "id": 7, "method": "GetTask", "params": {"id": "x"}}', -32001, 7),
    (b'{"jsonrpc": "2.0", "id": 7, "method": "GetExtendedAgentCard"}', -32004, 7),
    (b'{"jsonrpc": "2.0", "id": 7, "method": "ListTaskPushNotificationConfigs"}', -32602, 7),
]
BAD_FIELDS = [
    ({"messageId": None}, "message.messageId"),
    ({"messageId": 5}, "message.messageId"),
    ({"messageId": "x" * (limits.MAX_ID + 1)}, "message.messageId"),
    ({"contextId": "x" * (limits.MAX_ID + 1)}, "message.contextId"),
    ({"role": "ROLE_AGENT"}, "message.role"),
    ({"role": None}, "message.role"),
    ({"parts": []}, "message.parts"),
    ({"parts": "hello"}, "message.parts"),
    ({"parts": [{"text": "x"}] * (limits.MAX_PARTS + 1)}, "message.parts"),
    ({"parts": [{}]}, "message.parts[0]"),
    ({"parts": [{"text": "x", "url": "y"}]}, "message.parts[0]"),
    ({"parts": [{"text": 5}]}, "message.parts[0].text"),
    ({"parts": [{"text": "a\u0000b"}]}, "message.parts[0].text"),
    ({"parts": [{"raw": "not base64!"}]}, "message.parts[0].raw"),
    ({"metadata": []}, "message.metadata"),
    ({"metadata": {"a": "\u0000"}}, "message.metadata"),
    ({"extensions": "x"}, "message.extensions"),
    ({"referenceTaskIds": ["x"] * (limits.MAX_REFERENCES + 1)}, "message.referenceTaskIds"),
]
BAD_LISTS = [
    {"pageSize": 0},
    {"pageSize": 101},
    {"pageSize": True},
    {"pageToken": "nonsense"},
    {"status": "done"},
    {"status": "WORKING"},
    {"historyLength": -1},
    {"statusTimestampAfter": "yesterday"},
    {"statusTimestampAfter": "2026-01-01T00:00:00"},
    {"statusTimestampAfter": "0001-01-01T00:00:00+23:59"},
    {"statusTimestampAfter": "9999-12-31T23:59:59-23:59"},
]
BAD_VERSIONS = [
    (None, "SendMessage"),
    ("", "GetTask"),
    ("0.3", "GetTask"),
    ("1.7", "GetTask"),
    ("2", "GetTask"),
    ("1.0", "message/send"),
    ("1.0.0", "tasks/get"),
    ("0.9", "tasks/get"),
]


async def test_each_bad_call_has_its_code(web):
    for body, code, answer_id in BAD_CALLS:
        answer = await web.post(PATH, body)
        error = await told(answer)
        assert (answer.status, error["code"], error["id"]) == (200, code, answer_id), body


async def test_each_bad_field_is_named(web):
    for fields, field in BAD_FIELDS:
        params = {"message": message(**fields)}
        error = await told(await web.post(PATH, call("SendMessage", params)))
        assert error["code"] == -32602
        violations = error["data"][1]["fieldViolations"]
        assert [each["field"] for each in violations] == [field]
    assert await ask(Task.objects.count) == 0


async def test_json_has_a_bottom(web):
    deep = "x"
    for _ in range(limits.MAX_DEPTH + 1):
        deep = [deep]
    error = await web.refusal("SendMessage", {"message": message(parts=[{"data": deep}])})
    assert error["code"] == -32602
    fine = deep[0]
    assert state(await web.send(parts=[{"data": fine}])) == "COMPLETED"


async def test_a_list_refuses_what_it_cannot_read(web):
    for params in BAD_LISTS:
        error = await web.refusal("ListTasks", params)
        assert error["code"] == -32602, params
        assert error["message"].startswith(f"{next(iter(params))}: "), "the database had to say no"


async def test_another_version_is_told_what_to_send(web):
    for version, method in BAD_VERSIONS:
        headers = web.headers()
        headers.pop("A2A-Version")
        if version is not None:
            headers["A2A-Version"] = version
        error = await told(await web.post(PATH, call(method, {}), headers))
        assert (error["code"], error["reason"]) == (-32009, "VERSION_NOT_SUPPORTED")
        assert "A2A-Version: 1.0" in error["message"]


async def test_the_version_may_stand_in_the_query_and_have_a_patch(web):
    headers = web.headers()
    headers.pop("A2A-Version")
    body = call("ListTasks", {})
    assert "result" in await (await web.post(PATH + "?A2A-Version=1.0", body, headers)).json()
    headers["A2A-Version"] = "1.0.1"
    assert "result" in await (await web.post(PATH, body, headers)).json()


async def test_a_body_that_is_too_large_is_refused_and_said_so(web):
    big = b"x" * 20_000_000
    answer = await web.post(PATH, big)
    assert answer.status == 413
    assert (await told(answer))["reason"] == "TOO_LARGE"

    async def chunks():
        for _ in range(20):
            yield b"x" * 1_000_000

    answer = await web._client.post(PATH, data=chunks(), headers=web.headers())
    assert answer.status == 413
    # At the limit it is read, and then it is not JSON.
    answer = await web.post(PATH, b"x" * settings.MAX_BODY_BYTES)
    assert (await told(answer))["code"] == -32700


async def test_a_body_just_below_the_limit_goes_all_the_way(web):
    text = "x" * (settings.MAX_BODY_BYTES - 4096)
    task = await web.send(text)
    assert state(task) == "COMPLETED"
    assert task["artifacts"][0]["parts"] == [{"text": text}]


async def test_strangers_and_those_who_may_not_are_refused_alike_everywhere(web, hosted):
    text, viewer = await ask(bad_keys)
    bodies = [
        call(method, {"message": message(), "id": "x"})
        for method in ("SendMessage", "SendStreamingMessage", "GetTask", "ListTasks", "Nonsense")
    ]
    for key, status, why in (
        (None, 401, "NOT_AUTHENTICATED"),
        ("agx_0000000000_nonsense", 401, "NOT_AUTHENTICATED"),
        (text, 401, "NOT_AUTHENTICATED"),
        (viewer, 403, "FORBIDDEN"),
    ):
        async with Web(key) as other:
            for agent in ("echo", "no-such-agent"):
                for body in bodies:
                    answer = await other.post(f"/a2a/{agent}/", body)
                    assert answer.status == status
                    assert (await told(answer))["reason"] == why
                    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert await ask(Task.objects.count) == 0


def bad_keys():
    """One that has expired, and one of a role that may only look."""
    expired, text = make_key(make_user("eve", "developer"))
    expire(expired)
    return text, make_key(make_user("vera", "viewer"), role="viewer")[1]


async def test_an_unknown_agent_is_not_found(web):
    answer = await web.post("/a2a/nobody/", call("SendMessage", {"message": message()}))
    assert answer.status == 404
    assert (await told(answer))["reason"] == "AGENT_NOT_FOUND"


async def test_other_methods_and_types_are_refused(web):
    answer = await web.get(PATH)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    headers = web.headers() | {"Content-Type": "text/plain"}
    assert (await told(await web.post(PATH, b"{}", headers)))["code"] == -32005


async def test_a_paused_agent_says_so(web):
    await ask(lambda: Agent.objects.filter(slug="echo").update(state="maintenance"))
    await web.switchboard.routes.refresh()
    answer = await web.post(PATH, call("SendMessage", {"message": message()}))
    assert answer.status == 503
    assert (await told(answer))["reason"] == "AGENT_PAUSED"
    assert await ask(Task.objects.count) == 0


BAD_PUSHES = [
    ("https://example.org", ""),
    ({}, ".url"),
    ({"url": 5}, ".url"),
    ({"url": "https://example.org/\r\nX-Evil: 1"}, ".url"),
    ({"url": "https://example.org/" + "x" * limits.MAX_URL}, ".url"),
    ({"token": "a\nb"}, ".token"),
    ({"token": "x" * (limits.MAX_SECRET + 1)}, ".token"),
    ({"id": "x" * (limits.MAX_ID + 1)}, ".id"),
    ({"authentication": "Bearer"}, ".authentication"),
    ({"authentication": {"credentials": "x"}}, ".authentication.scheme"),
    ({"authentication": {"scheme": "x" * (limits.MAX_SCHEME + 1)}}, ".authentication.scheme"),
    ({"authentication": {"scheme": "A", "credentials": "\r"}}, ".authentication.credentials"),
]


async def test_a_push_configuration_that_cannot_be_refuses_the_message(web):
    for config, field in BAD_PUSHES:
        if isinstance(config, dict) and config and "url" not in config:
            config = {"url": "https://example.org/"} | config
        wish = {"taskPushNotificationConfig": config}
        error = await web.refusal("SendMessage", {"message": message(), "configuration": wish})
        violations = error["data"][1]["fieldViolations"]
        named = f"configuration.taskPushNotificationConfig{field}"
        assert [each["field"] for each in violations] == [named], config
    assert await ask(Task.objects.count) == 0


async def test_request_ids_are_taken_over_when_harmless(web):
    headers = web.headers() | {"X-Request-ID": "my-request-1"}
    answer = await web.post(PATH, b"{", headers)
    assert answer.headers["x-request-id"] == "my-request-1"
    headers["X-Request-ID"] = "no good; at all"
    answer = await web.post(PATH, b"{", headers)
    assert answer.headers["x-request-id"] != "no good; at all"


@pytest.mark.django_db(transaction=True)
async def test_an_open_agent_answers_anybody_and_lists_what_they_can_name(echo, transactional_db):
    await ask(make_rows, echo, is_open=True)
    async with Web(None) as anybody, Web(None) as somebody:
        task = await anybody.send()
        assert state(task) == "COMPLETED"
        assert (await somebody.result("GetTask", {"id": task["id"]}))["id"] == task["id"]
        assert (await anybody.result("ListTasks", {}))["tasks"] == []
        (found,) = (await anybody.result("ListTasks", {"contextId": task["contextId"]}))["tasks"]
        assert found["id"] == task["id"]
        busy = await anybody.later(metadata={"sleep": 30})
        assert state(await anybody.result("CancelTask", {"id": busy["id"]})) == "CANCELED"


async def until_room(web, task_id):
    """A stream of the task, once it is let in."""
    async with asyncio.timeout(10):
        while True:
            stream = web.stream("SubscribeToTask", {"id": task_id})
            with contextlib.suppress(AssertionError):
                await anext(stream)
                return stream


@pytest.mark.django_db(transaction=True)
async def test_strangers_have_so_many_streams_open(echo, transactional_db, monkeypatch, key):
    monkeypatch.setattr("routing.delivery.audience.STRANGERS_STREAMS", 2)
    await ask(make_rows, echo, is_open=True)
    async with Web(None) as stranger:
        busy = await stranger.later(metadata={"sleep": 30})
        streams = [stranger.stream("SubscribeToTask", {"id": busy["id"]}) for _ in range(2)]
        for stream in streams:
            await anext(stream)
        for method in ("SubscribeToTask", "SendStreamingMessage"):
            params = {"id": busy["id"], "message": message()}
            assert (await stranger.refusal(method, params))["code"] == -32095
        stranger.key = key  # who is known may have more
        known = stranger.stream("SendStreamingMessage", {"message": message()})
        assert "task" in await anext(known)
        stranger.key = None
        await streams.pop().aclose()

        streams.append(await until_room(stranger, busy["id"]))
        assert state(await stranger.result("CancelTask", {"id": busy["id"]})) == "CANCELED"
        for stream in (*streams, known):
            await stream.aclose()


async def test_without_the_database_nothing_is_acknowledged(web, monkeypatch):
    async def away():
        raise OSError("connection refused")

    await web.switchboard.journal._connection.close()
    monkeypatch.setattr("routing.journal.connection._connect", away)
    answer = await web.post(PATH, call("SendMessage", {"message": message()}))
    assert answer.status == 503
    assert (await told(answer))["reason"] == "UNAVAILABLE"
    monkeypatch.undo()
    assert state(await asyncio.wait_for(web.send(), 5)) == "COMPLETED"
