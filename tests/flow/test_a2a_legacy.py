"""Callers of A2A 0.3 and 0.2: the same agents, tasks and conversations in the shapes they know."""

import base64
import json

import pytest
from google.protobuf.json_format import ParseDict

from proto import a2a_v03_pb2
from tests.web import Web, call, message, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def old_message(text="hello", **fields):
    parts = [{"kind": "text", "text": text}]
    return {"kind": "message", "messageId": "m-1", "role": "user", "parts": parts} | fields


def headers(web, **more):
    told = web.headers(**more)
    told.pop("A2A-Version", None)
    return told | more


async def rpc(web, method, params, **more):
    answer = await web.post("/a2a/echo/", call(method, params), headers(web, **more))
    assert answer.status == 200
    return await answer.json()


async def result(web, method, params):
    answer = await rpc(web, method, params)
    assert "result" in answer, answer
    return answer["result"]


async def events(web, method, params):
    body = json.dumps(call(method, params)).encode()
    async with web._client.post("/a2a/echo/", data=body, headers=headers(web)) as answer:
        assert answer.headers["content-type"] == "text/event-stream", await answer.text()
        lines = [line async for line in answer.content if line.startswith(b"data: ")]
    return [json.loads(line[6:])["result"] for line in lines]


async def test_a_message_is_answered_with_a_bare_task(web):
    task = await result(web, "message/send", {"message": old_message()})
    assert (task["kind"], task["status"]["state"]) == ("task", "completed")
    assert task["artifacts"][0]["parts"] == [{"kind": "text", "text": "hello"}]
    assert task["history"][0]["role"] == "user"
    assert task["history"][0]["kind"] == "message"
    got = await result(web, "tasks/get", {"id": task["id"]})
    assert got == task


async def test_all_kinds_of_parts_come_back_as_they_went(web):
    parts = [
        {"kind": "text", "text": "words", "metadata": {"a": 1}},
        {"kind": "data", "data": {"a": [1, None]}},
        {"kind": "file", "file": {"bytes": "AAEC", "mimeType": "a/b", "name": "x.bin"}},
        {"kind": "file", "file": {"uri": "https://example.org/x"}},
    ]
    task = await result(web, "message/send", {"message": old_message(parts=parts)})
    assert task["artifacts"][0]["parts"] == parts


async def test_a_stream_says_which_event_is_its_last(web):
    wish = old_message("a b", metadata={"stream": True})
    told = await events(web, "message/stream", {"message": wish})
    kinds = [each["kind"] for each in told]
    assert kinds == ["task", "artifact-update", "artifact-update", "status-update"]
    assert told[-1]["final"] is True
    asking = await events(web, "message/stream", {"message": old_message(metadata={"ask": True})})
    assert (asking[-1]["status"]["state"], asking[-1]["final"]) == ("input-required", True)


async def test_a_stream_is_taken_up_again(web):
    wish = {"message": old_message("a b", metadata={"stream": True, "pause": 0.1})}
    task = await result(web, "message/send", wish | {"configuration": {"blocking": False}})
    assert task["status"]["state"] == "working"
    told = await events(web, "tasks/resubscribe", {"id": task["id"]})
    assert (told[0]["kind"], told[-1]["final"]) == ("task", True)


async def test_a_conversation_goes_on_in_another_version(web):
    asked = await result(web, "message/send", {"message": old_message(metadata={"ask": "Who?"})})
    assert asked["status"]["state"] == "input-required"
    assert asked["status"]["message"]["parts"] == [{"kind": "text", "text": "Who?"}]
    seen = await web.result("GetTask", {"id": asked["id"]})
    assert seen["status"]["message"]["parts"] == [{"text": "Who?"}]
    done = await web.send("Bob", messageId="m-2", taskId=asked["id"])
    assert state(done) == "COMPLETED"
    back = await result(web, "tasks/get", {"id": asked["id"]})
    said = [part["text"] for each in back["history"] for part in each["parts"]]
    assert said == ["hello", "Who?", "Bob"]

    begun = await web.send(contextId="c-1")
    went_on = await result(web, "message/send", {"message": old_message(contextId="c-1")})
    listed = await web.result("ListTasks", {"contextId": "c-1"})
    assert {each["id"] for each in listed["tasks"]} == {begun["id"], went_on["id"]}


async def test_tasks_are_canceled(web):
    wish = {"message": old_message(metadata={"sleep": 30}), "configuration": {"blocking": False}}
    task = await result(web, "message/send", wish)
    canceled = await result(web, "tasks/cancel", {"id": task["id"]})
    assert canceled["status"]["state"] == "canceled"
    again = await rpc(web, "tasks/cancel", {"id": task["id"]})
    assert again["error"]["code"] == -32002


@pytest.mark.parametrize("version", ["0.3", "0.3.0", "0.2.5", ""])
async def test_the_older_versions_may_be_named(web, version):
    answer = await rpc(web, "tasks/get", {"id": "x"}, **{"A2A-Version": version})
    assert answer["error"]["code"] == -32001


async def test_errors_are_those_0_3_knows(web):
    for method, params, code in (
        ("message/send", {"message": {}}, -32602),
        ("message/send", {}, -32602),
        ("tasks/get", {"id": "nope"}, -32001),
        ("tasks/list", {}, -32601),
        ("no/such", {}, -32601),
        ("agent/getAuthenticatedExtendedCard", {}, -32004),
    ):
        answer = await rpc(web, method, params)
        assert answer["error"]["code"] == code, answer
        assert answer["error"]["message"]
    async with Web(None) as stranger:
        refused = await stranger.post("/a2a/echo/", call("tasks/get", {}), headers(stranger))
        assert refused.status == 401


# ---- REST under /v1


def old_proto_message(text="hello", **fields):
    return {"messageId": "m-1", "role": "ROLE_USER", "content": [{"text": text}]} | fields


async def rest(web, method, path, body=None, **more):
    return await web.call(method, f"/v1{path}", body, **{"A2A-Version": "", **more})


async def test_rest_of_0_3_answers_in_its_protojson(web):
    status, told = await rest(web, "POST", "/message:send", {"message": old_proto_message()})
    assert status == 200
    ParseDict(told, a2a_v03_pb2.SendMessageResponse())
    task = told["task"]
    assert task["history"][0]["content"] == [{"text": "hello"}]
    status, got = await rest(web, "GET", f"/tasks/{task['id']}?historyLength=0")
    assert (status, got) == (200, task)
    wish = {"request": old_proto_message(metadata={"sleep": 30}), "configuration": {}}
    _, told = await rest(web, "POST", "/message:send", wish)
    assert told["task"]["status"]["state"] == "TASK_STATE_WORKING"
    name = {"name": f"tasks/{told['task']['id']}"}
    status, told = await rest(web, "POST", f"/tasks/{told['task']['id']}:cancel", name)
    assert (status, told["status"]["state"]) == (200, "TASK_STATE_CANCELLED")


async def test_rest_of_0_3_streams(web):
    wish = {"message": old_proto_message("a b", metadata={"stream": True})}
    told = await web.events("POST", "/v1/message:stream", wish, **{"A2A-Version": ""})
    for each in told:
        ParseDict(each, a2a_v03_pb2.StreamResponse())
    assert told[-1]["statusUpdate"]["final"] is True
    for method in ("GET", "POST"):
        task = await web.later("a", metadata={"stream": True, "pause": 0.1})
        path = f"/v1/tasks/{task['id']}:subscribe"
        told = await web.events(method, path, **{"A2A-Version": "0.3"})
        assert list(told[0]) == ["task"]


async def test_rest_of_0_3_refuses_as_its_libraries_read_it(web):
    status, told = await rest(web, "GET", "/tasks/nope")
    assert (status, told["code"], told["type"]) == (404, -32001, "TaskNotFoundError")
    assert told["message"]
    status, told = await rest(web, "POST", "/message:send", {"message": {}})
    assert (status, told["type"]) == (400, "InvalidParamsError")
    status, told = await rest(web, "GET", "/tasks/x", **{"A2A-Version": "1.0"})
    assert (status, told["code"]) == (400, -32603)
    for path in ("/tasks", "/extendedAgentCard", "/nothing"):
        status, told = await rest(web, "GET", path)
        assert (status, told["code"]) == (404, -32603), path


@pytest.mark.parametrize("path", ["/v1/card", "/agent/authenticatedExtendedCard"])
async def test_the_extended_card_has_its_old_addresses(web, path):
    status, told = await web.call("GET", path, **{"A2A-Version": ""})
    assert (status, told["code"]) == (400, -32004)


async def test_files_are_encoded_as_the_caller_does_it(web):
    raw = base64.b64encode(b"\x00\xff").decode()
    twice = base64.b64encode(raw.encode()).decode()
    for agent, told in (("python-httpx/0.28", twice), ("node", raw)):
        content = [{"file": {"fileWithBytes": told, "mimeType": "a/b"}}]
        wish = {"message": old_proto_message(content=content)}
        _, answer = await rest(web, "POST", "/message:send", wish, **{"User-Agent": agent})
        assert answer["task"]["artifacts"][0]["parts"] == content
        kept = await web.result("GetTask", {"id": answer["task"]["id"]})
        assert kept["artifacts"][0]["parts"] == [{"raw": raw, "mediaType": "a/b"}]


async def test_one_task_three_doors(web):
    task = await web.send("hello")
    _, rest_told = await rest(web, "GET", f"/tasks/{task['id']}")
    rpc_told = await result(web, "tasks/get", {"id": task["id"]})
    assert rest_told["id"] == rpc_told["id"] == task["id"]
    assert rpc_told["status"]["state"] == "completed"
    assert rest_told["status"]["state"] == "TASK_STATE_COMPLETED"
    assert message()["messageId"] == rest_told["history"][0]["messageId"]
