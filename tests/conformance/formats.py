"""Sections 5, 9, 10 and 11: what each binding looks like on the wire."""

import json
import re
from typing import Any

from tests.conformance.bindings import RefusedError, body
from tests.conformance.rows import ON_HTTP, row
from tests.conformance.world import World, message

RPC, REST, GRPC = ("JSONRPC",), ("HTTP+JSON",), ("GRPC",)
SNAKE = re.compile(r"[a-z]+(_[a-z]+)+")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def entries(value: Any) -> list[tuple[str, Any]]:
    """Every key with its value, however deep."""
    if isinstance(value, list):
        return [entry for each in value for entry in entries(each)]
    if not isinstance(value, dict):
        return []
    return [*value.items(), *(entry for each in value.values() for entry in entries(each))]


@row(
    "DM-SERIAL-001",
    "5.5",
    "Fields are in camelCase, enums are names, times are UTC with Z",
    on=ON_HTTP,
)
async def _(w: World) -> None:
    task = await w.task("tck-artifact-file")
    told = entries(task)
    assert not [name for name, _ in told if SNAKE.fullmatch(name)]
    assert all(isinstance(value, str) for name, value in told if name in ("state", "role"))
    stamps = [value for name, value in told if name == "timestamp"]
    assert stamps
    assert all(STAMP.fullmatch(stamp) for stamp in stamps)


@row("DM-SERIAL-006", "5.5", "A request may spell fields as the protobuf does", on=ON_HTTP)
async def _(w: World) -> None:
    told = message("tck-complete-task")
    told["message_id"] = told.pop("messageId")
    given = {"message": told, "configuration": {"history_length": "0"}}
    task = (await w.binding.call("SendMessage", given))["task"]
    assert "history" not in task


@row("DM-PART-001", "4.1.6", "Every kind of part comes back as it went", on=ON_HTTP)
async def _(w: World) -> None:
    parts = [
        {"text": "words", "metadata": {"k": [1]}},
        {"raw": "AAEC/w==", "mediaType": "text/plain", "filename": "x.txt"},
        {"url": "https://example.com/a", "mediaType": "text/plain"},
        {"data": {"n": 9007199254740991, "deep": [None, True, {"x": 1.5}]}},
        {"data": None},
    ]
    task = await w.task("tck-complete-task", parts=parts)
    assert task["history"][0]["parts"] == parts


@row("JSONRPC-FMT-001", "9.1", "Answers are JSON-RPC 2.0 with the id they were asked with", on=RPC)
async def _(w: World) -> None:
    for call_id in (7, "seven", None):
        async with w.rpc.post(body("GetTask", {"id": "x"}, call_id)) as answer:
            told = await answer.json()
            assert answer.status == 200
            assert answer.content_type == "application/json"
            assert (told["jsonrpc"], told["id"], told["error"]["code"]) == ("2.0", call_id, -32001)


@row("JSONRPC-ERR-001", "9.5", "JSON-RPC's own errors have its own numbers", on=RPC)
async def _(w: World) -> None:
    broken = [
        (b"{", -32700),
        (b"[]", -32600),
        (b"1", -32600),
        (json.dumps({"jsonrpc": "1.0", "id": 1, "method": "GetTask"}).encode(), -32600),
        (json.dumps({"jsonrpc": "2.0", "id": 1}).encode(), -32600),
        (json.dumps(body("NoSuchMethod", {})).encode(), -32601),
        (json.dumps({**body("GetTask", {}), "params": [1]}).encode(), -32602),
        (json.dumps(body("GetTask", {})).encode(), -32602),
    ]
    for told, code in broken:
        async with w.rpc.post(told) as answer:
            error = (await answer.json())["error"]
            assert (error["code"], bool(error["message"])) == (code, True), (told, error)


@row("JSONRPC-ERR-003", "9.5", "An error's data is a list that begins with ErrorInfo", on=RPC)
async def _(w: World) -> None:
    async with w.rpc.post(body("GetTask", {"id": "x"})) as answer:
        (info, *_) = (await answer.json())["error"]["data"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == ("TASK_NOT_FOUND", "a2a-protocol.org")


@row("JSONRPC-ERR-004", "9.5", "What A2A has no number for has one that A2A is far from", on=RPC)
async def _(w: World) -> None:
    bad = {"Authorization": "Bearer agx_nobody"}
    async with w.rpc.post(body("GetTask", {"id": "x"}), bad) as answer:
        code = (await answer.json())["error"]["code"]
    assert -32099 <= code <= -32090


@row(
    "JSONRPC-BATCH-001", "9.1", "A batch is answered as a batch, a notification not at all", on=RPC
)
async def _(w: World) -> None:
    asked = body("GetTask", {"id": "x"})
    silent = {name: value for name, value in asked.items() if name != "id"}
    async with w.rpc.post([{**asked, "id": "a"}, silent, {**asked, "id": "b"}]) as answer:
        assert sorted(each["id"] for each in await answer.json()) == ["a", "b"]
    async with w.rpc.post(silent) as answer:
        assert (answer.status, await answer.read()) == (204, b"")


@row("JSONRPC-SSE-001", "9.4.2", "A stream is server-sent events, each a JSON-RPC response", on=RPC)
async def _(w: World) -> None:
    told = body("SendStreamingMessage", {"message": message("tck-stream-001")}, "s-1")
    async with w.rpc.post(told) as answer:
        assert answer.content_type == "text/event-stream"
        assert "no-store" in answer.headers["cache-control"]
        lines = [line async for line in answer.content if line.startswith(b"data:")]
    events = [json.loads(line[5:]) for line in lines]
    assert {(each["jsonrpc"], each["id"]) for each in events} == {("2.0", "s-1")}
    assert all(len(each["result"]) == 1 for each in events)


@row("JSONRPC-SSE-002", "9.4.2", "A stream that cannot be is a plain JSON-RPC error", on=RPC)
async def _(w: World) -> None:
    async with w.rpc.post(body("SubscribeToTask", {"id": "x"})) as answer:
        assert answer.content_type == "application/json"
        assert (await answer.json())["error"]["code"] == -32001


@row("JSONRPC-SVC-002", "9.2", "Extensions nobody requires are taken and ignored", on=ON_HTTP)
async def _(w: World) -> None:
    headers = {"A2A-Extensions": "https://example.com/ext/v1,https://example.com/ext/v2"}
    given = {"message": message("tck-complete-task")}
    assert "task" in await w.binding.call("SendMessage", given, headers)


@row(
    "EXT-ACTIVE-001", "4.6", "The answer tells which extensions it used", level="SHOULD", on=ON_HTTP
)
async def _(w: World) -> None:
    headers = {"A2A-Extensions": "urn:agentx:idempotent-send:v1, urn:another"}
    given = {"message": message("tck-complete-task")}
    for exchange in (
        w.rpc.post(body("SendMessage", given), headers),
        w.rest.request("SendMessage", given, headers),
    ):
        async with exchange as answer:
            assert answer.headers["A2A-Extensions"] == "urn:agentx:idempotent-send:v1"


@row("HTTP_JSON-SVC-001", "11.1", "Answers are application/a2a+json", level="SHOULD", on=REST)
async def _(w: World) -> None:
    async with w.rest.request("SendMessage", {"message": message("tck-complete-task")}) as answer:
        assert (answer.status, answer.content_type) == (200, "application/a2a+json")
        assert answer.headers["Cache-Control"] == "no-store"


@row("HTTP_JSON-SVC-003", "11.1", "Requests in application/json are taken too", on=REST)
async def _(w: World) -> None:
    headers = {"Content-Type": "application/json"}
    given = {"message": message("tck-complete-task")}
    assert "task" in await w.rest.call("SendMessage", given, headers)


@row("HTTP_JSON-URL-001", "11.3", "Subscribing is served by GET and by POST", on=REST)
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    url = f"{w.rest.base}tasks/{task['id']}:subscribe"
    for method in ("GET", "POST"):
        async with w.rest.session.request(method, url, headers=w.rest.headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")
            async for line in answer.content:
                if line.startswith(b"data:"):
                    assert json.loads(line[5:])["task"]["id"] == task["id"]
                    break


@row(
    "HTTP_JSON-URL-002",
    "11.3",
    "A path of nobody is 404, a method of nobody 405 with Allow",
    on=REST,
)
async def _(w: World) -> None:
    async with w.rest.session.get(w.rest.base + "nonsense", headers=w.rest.headers) as answer:
        assert answer.status == 404
        assert (await answer.json(content_type=None))["error"]["code"] == 404
    async with w.rest.session.put(w.rest.base + "tasks", headers=w.rest.headers) as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["allow"]


@row("HTTP_JSON-URL-003", "11.3", "The same routes are below a tenant", on=REST)
async def _(w: World) -> None:
    told = {"message": message("tck-complete-task")}
    url = f"{w.rest.base}acme/message:send"
    headers = {"Content-Type": "application/json", **w.rest.headers}
    async with w.rest.session.post(url, data=json.dumps(told), headers=headers) as answer:
        task = (await answer.json(content_type=None))["task"]
    url = f"{w.rest.base}acme/tasks/{task['id']}"
    async with w.rest.session.get(url, headers=w.rest.headers) as answer:
        assert (await answer.json(content_type=None))["id"] == task["id"]
    await w.refused(w.get(task["id"]), "TASK_NOT_FOUND")


@row(
    "HTTP_JSON-ERR-001",
    "11.6",
    "Errors are AIP-193: code, status, message, details; as application/json",
    on=REST,
)
async def _(w: World) -> None:
    async with w.rest.request("GetTask", {"id": "x"}) as answer:
        error = (await answer.json(content_type=None))["error"]
        assert (answer.status, answer.content_type) == (404, "application/json")
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
    assert error["message"]
    (info, *_) = error["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == ("TASK_NOT_FOUND", "a2a-protocol.org")


@row(
    "HTTP_JSON-QP-001",
    "11.5",
    "Queries are in camelCase with true, false and names of enums",
    on=REST,
)
async def _(w: World) -> None:
    context_id, (made,) = await w.context_of(1, "tck-artifact-text")
    query = {
        "contextId": context_id,
        "status": "TASK_STATE_COMPLETED",
        "includeArtifacts": "true",
        "historyLength": "1",
        "pageSize": "10",
    }
    url = w.rest.base + "tasks"
    async with w.rest.session.get(url, params=query, headers=w.rest.headers) as answer:
        (task,) = (await answer.json(content_type=None))["tasks"]
    assert (task["id"], len(task["history"]), len(task["artifacts"])) == (made, 1, 1)


@row("HTTP_JSON-SSE-001", "11.7", "A stream is server-sent events of bare StreamResponses", on=REST)
async def _(w: World) -> None:
    given = {"message": message("tck-stream-001")}
    async with w.rest.request("SendStreamingMessage", given) as answer:
        assert answer.content_type == "text/event-stream"
        lines = [line async for line in answer.content if line.startswith(b"data:")]
    assert list(json.loads(lines[0][5:])) == ["task"]


@row("HTTP_JSON-SSE-002", "11.7", "A stream that cannot be has the status of its error", on=REST)
async def _(w: World) -> None:
    async with w.rest.request("SubscribeToTask", {"id": "x"}) as answer:
        assert answer.status == 404


@row("GRPC-META-001", "10.2", "Service parameters are gRPC metadata", on=GRPC)
async def _(w: World) -> None:
    given = {"message": message("tck-complete-task")}
    headers = {"A2A-Extensions": "urn:another"}
    assert "task" in await w.binding.call("SendMessage", given, headers)
    call = w.binding.call("SendMessage", given, {"A2A-Version": "99.0"})
    await w.refused(call, "VERSION_NOT_SUPPORTED")


@row(
    "GRPC-ERR-001",
    "10.6",
    "A refusal carries google.rpc.Status with ErrorInfo, and BadRequest for fields",
    on=GRPC,
)
async def _(w: World) -> None:
    try:
        await w.binding.call("SendMessage", {"message": {"messageId": "m", "role": "ROLE_USER"}})
    except RefusedError as refusal:
        assert (refusal.code, refusal.reason) == ("INVALID_ARGUMENT", "INVALID_PARAMS")
        assert refusal.fields
    else:
        raise AssertionError("a message without parts was taken")
