"""A2A 1.0 over HTTP+JSON: every address, its parameters, its refusals; the same core as the other doors."""

import asyncio

import pytest

from routing import limits
from security.rows import ask
from tests.echoes import make_rows
from tests.web import Web, call, message, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


async def sent(web, text="hello", path="/message:send", **fields):
    status, body = await web.call("POST", path, {"message": message(text, **fields)})
    assert status == 200, body
    return body["task"]


def refused(answer, status, reason, grpc_status=None):
    """The error's details; the shape of every refusal is checked on the way."""
    assert answer[0] == status, answer
    error = answer[1]["error"]
    assert error["code"] == status
    info = error["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], bool(info["metadata"]["requestId"])) == (reason, True), error
    if grpc_status is not None:
        assert error["status"] == grpc_status
    return error


async def test_every_operation_has_its_address(web):
    task = await sent(web, contextId="c-1")
    assert (state(task), text_of(task)) == ("COMPLETED", "hello")
    status, got = await web.call("GET", f"/tasks/{task['id']}")
    assert (status, got) == (200, task)
    status, page = await web.call("GET", "/tasks?contextId=c-1&pageSize=1&includeArtifacts=true")
    assert (status, page["totalSize"], page["tasks"][0]["artifacts"]) == (200, 1, task["artifacts"])
    status, asked = await web.call(
        "POST", "/message:send", {"message": message(metadata={"ask": True})}
    )
    status, canceled = await web.call("POST", f"/tasks/{asked['task']['id']}:cancel")
    assert (status, state(canceled)) == (200, "CANCELED")


async def test_streams_are_bare_responses(web):
    wish = {"message": message("a b", metadata={"stream": True})}
    events = await web.events("POST", "/message:stream", wish)
    assert [next(iter(event)) for event in events] == [
        "task",
        "artifactUpdate",
        "artifactUpdate",
        "statusUpdate",
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_both_methods_subscribe(web, method):
    task = await web.later("one two", metadata={"stream": True, "pause": 0.1})
    events = await web.events(method, f"/tasks/{task['id']}:subscribe")
    assert events[0]["task"]["id"] == task["id"]
    assert state(events[-1]["statusUpdate"]) == "COMPLETED"


async def test_a_refused_stream_is_an_ordinary_answer(web):
    task = await sent(web)
    answer = await web.call("GET", f"/tasks/{task['id']}:subscribe")
    refused(answer, 400, "UNSUPPORTED_OPERATION", "FAILED_PRECONDITION")
    answer = await web.call("POST", "/message:stream", {"message": {}})
    error = refused(answer, 400, "INVALID_PARAMS", "INVALID_ARGUMENT")
    assert error["details"][1]["fieldViolations"][0]["field"] == "message.messageId"


async def test_refusals_have_their_status(web):
    answer = await web.call("GET", "/tasks/nope")
    refused(answer, 404, "TASK_NOT_FOUND", "NOT_FOUND")
    task = await sent(web)
    answer = await web.call("POST", f"/tasks/{task['id']}:cancel", {})
    refused(answer, 400, "TASK_NOT_CANCELABLE", "FAILED_PRECONDITION")
    refused(await web.call("POST", "/message:send", b"{"), 400, "PARSE_ERROR")
    refused(await web.call("POST", "/message:send", b"[]"), 400, "INVALID_PARAMS")
    refused(await web.call("GET", "/nothing/here"), 404, "NOT_FOUND", "NOT_FOUND")
    for path in ("/tasks/", "/tasks//pushNotificationConfigs", "//tasks"):
        status, _ = await web.call("GET", path)
        assert status == (200 if path == "/tasks/" else 404), path


async def test_a_wrong_method_is_told_the_right_ones(web):
    for path, allowed in (
        ("/message:send", "POST"),
        ("/tasks", "GET, HEAD"),
        ("/tasks/x:subscribe", "GET, POST"),
        ("/tasks/x/pushNotificationConfigs/y", "GET, DELETE, HEAD"),
    ):
        answer = await web._client.put(f"/a2a/echo{path}", headers=web.headers(), data=b"{}")
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        refused((answer.status, await answer.json()), 405, "METHOD_NOT_ALLOWED")


async def test_head_tells_the_head_alone(web):
    task = await sent(web)
    answer = await web._client.head(f"/a2a/echo/tasks/{task['id']}", headers=web.headers())
    assert (answer.status, await answer.read()) == (200, b"")
    answer = await web._client.head(
        f"/a2a/echo/tasks/{task['id']}:subscribe", headers=web.headers()
    )
    assert answer.status == 405


@pytest.mark.parametrize(
    ("version", "status"),
    [("1.0", 200), ("1.0.7", 200), ("", 400), ("0.3", 400), ("1.7", 400), ("2.0", 400), ("x", 400)],
)
async def test_the_version_is_checked_at_every_address(web, version, status):
    headers = {"A2A-Version": version}
    task = await sent(web)
    for method, path, body in (
        ("GET", "/tasks", None),
        ("GET", f"/tasks/{task['id']}", None),
        ("POST", "/message:send", {"message": message()}),
    ):
        answer = await web.call(method, path, body, **headers)
        assert answer[0] == status
        if status != 200:
            refused(answer, 400, "VERSION_NOT_SUPPORTED")
        answer = await web.call(method, f"{path}?A2A-Version=1.0", body, **{"A2A-Version": ""})
        assert answer[0] == 200


async def test_media_types(web):
    body = {"message": message()}
    for sends in (
        "application/json",
        "application/a2a+json",
        "application/a2a+json; charset=utf-8",
    ):
        status, _ = await web.call("POST", "/message:send", body, **{"Content-Type": sends})
        assert status == 200
    answer = await web.call("POST", "/message:send", body, **{"Content-Type": "text/plain"})
    refused(answer, 400, "CONTENT_TYPE_NOT_SUPPORTED")
    for accepts, tells in (
        ("*/*", "application/a2a+json"),
        ("application/a2a+json, application/json", "application/a2a+json"),
        ("application/json", "application/json"),
    ):
        told = await web.get("/a2a/echo/tasks", Accept=accepts)
        assert told.content_type == tells


async def test_parameters_in_the_query_have_types_and_two_spellings(web):
    await sent(web, contextId="c-1")
    await sent(web, contextId="c-1", metadata={"fail": True})
    for query, count in (
        ("contextId=c-1&status=TASK_STATE_FAILED", 1),
        ("context_id=c-1&status=4", 1),
        ("contextId=c-1&historyLength=0&includeArtifacts=false", 2),
        ("contextId=c-1&statusTimestampAfter=2100-01-01T00:00:00Z", 0),
        ("contextId=c-1&status_timestamp_after=2000-01-01T00%3A00%3A00.123456789Z", 2),
    ):
        status, page = await web.call("GET", f"/tasks?{query}")
        assert (status, page["totalSize"]) == (200, count), query
    for query in (
        "pageSize=0",
        "pageSize=x",
        "pageSize=",
        "page_size=101",
        "includeArtifacts=yes",
        "status=WORKING",
        "status=9",
        "historyLength=-1",
        "statusTimestampAfter=yesterday",
        "pageToken=x",
    ):
        refused(await web.call("GET", f"/tasks?{query}"), 400, "INVALID_PARAMS")


async def test_fields_may_be_spelled_as_protobuf_spells_them(web):
    body = {
        "message": {
            "message_id": "m-9",
            "context_id": "c-9",
            "role": 1,
            "parts": [{"raw": "_-8", "media_type": "application/octet-stream"}],
        },
        "configuration": {"history_length": "0", "return_immediately": False},
    }
    status, told = await web.call("POST", "/message:send", body)
    assert (status, told["task"]["contextId"], "history" in told["task"]) == (200, "c-9", False)
    part = {"raw": "/+8=", "mediaType": "application/octet-stream"}
    assert told["task"]["artifacts"][0]["parts"] == [part]


async def test_a_tenant_in_the_path_is_a_border(web):
    inside = await sent(web, path="/acme/message:send")
    status, _ = await web.call("GET", f"/acme/tasks/{inside['id']}")
    assert status == 200
    for path in (f"/tasks/{inside['id']}", f"/other/tasks/{inside['id']}"):
        refused(await web.call("GET", path), 404, "TASK_NOT_FOUND")
    same = await sent(web, path="/echo/message:send")  # the agent's own name is no tenant
    assert (await web.call("GET", f"/tasks/{same['id']}"))[0] == 200
    answer = await web.call("GET", f"/{'x' * 129}/tasks")
    refused(answer, 400, "INVALID_PARAMS")
    refused(await web.call("GET", "/a%00b/tasks"), 400, "INVALID_PARAMS")


async def test_ids_are_percent_decoded(web):
    task = await sent(web)
    hidden = task["id"].replace("-", "%2D")
    assert (await web.call("GET", f"/tasks/{hidden}"))[0] == 200
    refused(await web.call("POST", f"/tasks/{hidden}%3Acancel", {}), 400, "TASK_NOT_CANCELABLE")
    for strange in ("a%2Fb", "%FF", "a:b", ":cancel"):
        refused(await web.call("GET", f"/tasks/{strange}"), 404, "TASK_NOT_FOUND")
    refused(await web.call("GET", "/tasks/%00"), 400, "INVALID_PARAMS")


async def test_a_task_of_one_door_goes_on_at_the_other(web):
    asked = await web.send(metadata={"ask": True})
    done = await sent(web, "Bob", messageId="m-2", taskId=asked["id"])
    assert (state(done), text_of(done)) == ("COMPLETED", "Bob")
    assert (await web.result("GetTask", {"id": done["id"]}))["status"] == done["status"]


async def test_strangers_are_refused_before_they_send(web, hosted):
    """A body that nobody may send is not kept; one who waits to be asked for it never sends it."""
    async with Web(None) as stranger:
        answer = await stranger.call("POST", "/message:send", {"message": message()})
        refused(answer, 401, "NOT_AUTHENTICATED", "UNAUTHENTICATED")

        reader, writer = await asyncio.open_connection(*stranger._socket.getsockname())
        head = "POST /a2a/echo/message:send HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 9000000\r\n\r\n"
        writer.write(head.encode())
        first = await asyncio.wait_for(reader.readline(), 5)
        assert b" 401 " in first
        writer.close()


async def test_a_stranger_is_heard_only_so_long_where_the_body_names_the_agent(web):
    """At messages/send; whoever may call agents has the whole of MAX_BODY_BYTES."""
    wish = {"to": "echo", "payload": {"content": "x" * limits.STRANGERS_BYTES}}
    async with Web(None) as stranger:
        assert (await stranger.post("/api/v1/messages/send", wish)).status == 413
        wish["payload"]["content"] = "x"
        assert (await stranger.post("/api/v1/messages/send", wish)).status == 401
    wish["payload"]["content"] = "x" * limits.STRANGERS_BYTES
    assert (await web.post("/api/v1/messages/send", wish)).status == 200


async def test_an_open_agent_is_open_at_this_door_too(echo, transactional_db):
    await ask(make_rows, echo, is_open=True)
    async with Web(None) as anybody:
        assert state(await sent(anybody)) == "COMPLETED"
        answer = await anybody.call("GET", "/tasks")
        assert (answer[0], answer[1]["tasks"]) == (
            200,
            [],
        )  # ADR 0016: only of a context that they name


async def test_the_front_door_has_these_addresses_too(web, settings):
    async def at_router(method, path, body=None):
        answer = await web._client.request(
            method, f"/a2a/router{path}", json=body, headers=web.headers()
        )
        return answer.status, await answer.json()

    settings.DEFAULT_AGENT = ""
    nobody = await at_router("POST", "/message:send", {"message": message()})
    refused(nobody, 404, "AGENT_NOT_FOUND")
    status, card = await at_router("GET", "/extendedAgentCard")
    assert (status, "echo" in [skill["id"] for skill in card["skills"]]) == (200, True)
    settings.DEFAULT_AGENT = "echo"
    status, told = await at_router("POST", "/message:send", {"message": message()})
    assert (status, state(told["task"])) == (200, "COMPLETED")
    body = call("agent/getAuthenticatedExtendedCard", {})
    old = await web.post("/a2a/router/", body, web.headers(**{"A2A-Version": "0.3"}))
    assert (await old.json())["result"]["preferredTransport"] == "JSONRPC"
    async with Web(None) as stranger:
        answer = await stranger._client.get(
            "/a2a/router/extendedAgentCard", headers=stranger.headers()
        )
        refused((answer.status, await answer.json()), 401, "NOT_AUTHENTICATED")


async def test_extensions_in_use_are_told(web):
    named = "urn:agentx:idempotent-send:v1, https://example.org/unknown"
    answer = await web.post(
        "/a2a/echo/message:send",
        {"message": message()},
        web.headers(**{"A2A-Extensions": named}),
    )
    assert answer.status == 200
    assert answer.headers["A2A-Extensions"] == "urn:agentx:idempotent-send:v1"


async def test_a_stream_is_resumed_after_the_last_event_that_arrived(web):
    """Of a task that has ended too: what was missed in the meantime."""
    wish = {"message": message("a b c", metadata={"stream": True})}
    told = await web.events("POST", "/message:stream", wish)
    path = f"/tasks/{told[0]['task']['id']}:subscribe"
    missed = await web.events("GET", path, **{"Last-Event-ID": "2"})
    assert missed == told[2:]
    beyond = await web.call("GET", path, **{"Last-Event-ID": "99"})
    refused(beyond, 400, "INVALID_PARAMS")


async def test_cancel_metadata_must_be_an_object(web):
    task = await web.later(metadata={"sleep": 30})
    path = f"/tasks/{task['id']}:cancel"
    refused(await web.call("POST", path, {"metadata": []}), 400, "INVALID_PARAMS")
    status, canceled = await web.call("POST", path, {"metadata": {"why": "enough"}})
    assert (status, state(canceled)) == (200, "CANCELED")


async def test_a_last_event_id_must_be_a_number(web):
    task = await web.later(metadata={"sleep": 30})
    for told in ("x", "-1", "1.5", "9" * 30):
        answer = await web.call("GET", f"/tasks/{task['id']}:subscribe", **{"Last-Event-ID": told})
        refused(answer, 400, "INVALID_PARAMS")
    await web.call("POST", f"/tasks/{task['id']}:cancel")
