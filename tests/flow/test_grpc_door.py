"""A2A over gRPC: every method of both versions, refusals, callers, and tasks shared with the doors of HTTP."""

import asyncio
import sys

import grpc
import grpc.aio
import pytest
from google.protobuf.json_format import MessageToDict

from proto import a2a_v1_pb2 as pb
from registry.models import Agent
from routing.models import Message, Task
from security.rows import ask
from tests.echoes import ROOT
from tests.gateways import Gate, asked, refusal
from tests.web import message, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
Code = grpc.StatusCode


async def test_a_message_is_answered(gate):
    task = await gate.send("hello")
    assert (state(task), text_of(task)) == ("COMPLETED", "hello")
    assert (await ask(Task.objects.get, id=task["id"])).door == "grpc"


async def test_a_stream_tells_the_task_first_and_its_end_last(gate):
    told = await gate.stream("SendStreamingMessage", asked("hello"))
    assert "task" in told[0]
    assert told[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert any("artifactUpdate" in each for each in told)


async def test_tasks_are_read_listed_and_canceled(gate):
    first = await gate.send("one")
    read = await gate.result("GetTask", {"tenant": "echo", "id": first["id"], "historyLength": 0})
    assert read["id"] == first["id"] and "history" not in read
    listed = await gate.call("ListTasks", {"tenant": "echo"})
    assert (listed.total_size, listed.page_size, listed.next_page_token) == (1, 50, "")
    assert [task.id for task in listed.tasks] == [first["id"]]
    slow = await gate.later("two", "slow", sleep=60)
    canceled = await gate.result("CancelTask", {"tenant": "slow", "id": slow["id"]})
    assert state(canceled) == "CANCELED"


async def test_push_configs_are_made_read_listed_and_deleted(gate, settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1/32"]
    task = await gate.later("hi", "slow")
    named = {"tenant": "slow", "taskId": task["id"]}
    config = await gate.result(
        "CreateTaskPushNotificationConfig", {**named, "url": "http://127.0.0.1:9/hook"}
    )
    assert config["tenant"] == "slow" and config["taskId"] == task["id"]
    one = {**named, "id": config["id"]}
    assert (await gate.result("GetTaskPushNotificationConfig", one))["url"] == config["url"]
    listed = await gate.result("ListTaskPushNotificationConfigs", named)
    assert [each["id"] for each in listed["configs"]] == [config["id"]]
    assert await gate.result("DeleteTaskPushNotificationConfig", one) == {}
    assert await gate.result("ListTaskPushNotificationConfigs", named) == {}


async def test_whole_numbers_stay_whole(gate):
    data = {"count": 42, "half": 0.5, "list": [1, -0.0, True, None, "1"]}
    sent = asked("", message=message("") | {"parts": [{"data": data}]})
    answer = await gate.call("SendMessage", sent)
    assert answer.HasField("task")
    kept = await _first_message(answer.task.id)
    assert str(kept["parts"][0]["data"]["count"]) == "42"
    assert kept["parts"][0]["data"]["half"] == 0.5


async def test_every_method_asks_for_the_version(gate):
    for method in pb.DESCRIPTOR.services_by_name["A2AService"].methods:
        for version in ("", "0.3", "1.7", "2.0"):
            code, told = await refusal(gate.call(method.name, {}, a2a_version=version))
            assert code is Code.FAILED_PRECONDITION, (method.name, version)
            assert told["ErrorInfo"]["reason"] == "VERSION_NOT_SUPPORTED"
            assert told["ErrorInfo"]["domain"] == "a2a-protocol.org"


async def test_a_patch_version_is_ignored(gate):
    assert await gate.result("SendMessage", asked(), a2a_version="1.0.3")


async def test_refusals_say_what_and_why(gate):
    missing = {"tenant": "echo", "id": "no-such-task"}
    code, told = await refusal(gate.call("GetTask", missing, x_request_id="request-0001"))
    assert (code, told["ErrorInfo"]["reason"]) == (Code.NOT_FOUND, "TASK_NOT_FOUND")
    assert told["ErrorInfo"]["metadata"] == {"requestId": "request-0001"}
    code, told = await refusal(gate.call("SendMessage", {"tenant": "echo"}))
    assert code is Code.INVALID_ARGUMENT
    assert told["BadRequest"]["fieldViolations"][0]["field"] == "message"
    ended = await gate.send()
    named = {"tenant": "echo", "id": ended["id"]}
    code, told = await refusal(gate.call("CancelTask", named))
    assert (code, told["ErrorInfo"]["reason"]) == (
        Code.FAILED_PRECONDITION,
        "TASK_NOT_CANCELABLE",
    )
    code, told = await refusal(gate.call("SubscribeToTask", named))
    assert told["ErrorInfo"]["reason"] == "UNSUPPORTED_OPERATION"


async def test_bytes_that_are_no_message_are_refused(gate):
    call = gate.channel.unary_unary("/lf.a2a.v1.A2AService/SendMessage")
    code, told = await refusal(call(b"\xff\xff", metadata=gate.metadata()))
    assert code is Code.INVALID_ARGUMENT
    assert "lf.a2a.v1.SendMessageRequest" in told["message"]


async def test_what_nobody_foresaw_tells_only_the_request(gate, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(gate.gateway._service._core, "require_call", broken)
    code, told = await refusal(gate.call("SendMessage", asked(), x_request_id="request-0002"))
    assert code is Code.INTERNAL
    assert "secret" not in str(told)
    assert told["ErrorInfo"]["metadata"] == {"requestId": "request-0002"}
    assert "a secret of the inside" in caplog.text


async def test_callers_are_known_by_their_key(gate, key):
    code, told = await refusal(gate.call("SendMessage", asked(), authorization="Bearer wrong"))
    assert (code, told["ErrorInfo"]["reason"]) == (Code.UNAUTHENTICATED, "NOT_AUTHENTICATED")
    code, _ = await refusal(gate.call("SendMessage", asked(), authorization="Basic abc"))
    assert code is Code.UNAUTHENTICATED
    gate.key = None
    code, _ = await refusal(gate.call("SendMessage", asked()))
    assert code is Code.UNAUTHENTICATED
    assert await gate.result("SendMessage", asked(), x_api_key=key)


async def test_an_open_agent_answers_strangers(gate):
    gate.key = None
    await ask(Agent.objects.filter(slug="echo").update, is_open=True)
    await gate.gateway.switchboard.routes.refresh()
    assert state(await gate.send()) == "COMPLETED"
    assert "tasks" not in await gate.result("ListTasks", {"tenant": "echo"})


async def test_somebody_elses_task_is_not_there(gate, other_key):
    task = await gate.send()
    named = {"tenant": "echo", "id": task["id"]}
    code, told = await refusal(gate.call("GetTask", named, authorization=f"Bearer {other_key}"))
    assert (code, told["ErrorInfo"]["reason"]) == (Code.NOT_FOUND, "TASK_NOT_FOUND")


async def test_the_tenant_names_the_agent_and_one_inside_it(gate):
    code, _ = await refusal(gate.call("SendMessage", asked(agent="nobody")))
    assert code is Code.NOT_FOUND
    assert text_of(await gate.send("front door", agent="")) == "front door"
    by_metadata = await gate.result("SendMessage", asked(agent=""), x_agentx_agent="slow")
    assert (await gate.result("GetTask", {"tenant": "slow", "id": by_metadata["task"]["id"]}))["id"]
    inner = await gate.send(agent="echo/acme")
    assert await gate.result("GetTask", {"tenant": "echo/acme", "id": inner["id"]})
    code, _ = await refusal(gate.call("GetTask", {"tenant": "echo", "id": inner["id"]}))
    assert code is Code.NOT_FOUND


async def test_the_request_id_and_the_extensions_in_use_come_first(gate):
    ours = "urn:agentx:idempotent-send:v1"
    call = gate.call("SendMessage", asked(), a2a_extensions=f"urn:unknown, {ours}")
    told = dict(await call.initial_metadata())
    assert told["a2a-extensions"] == ours
    assert len(told["x-request-id"]) >= 8
    first = (await call).task.id
    again = await gate.result("SendMessage", asked(), a2a_extensions=ours)
    assert again["task"]["id"] == first


async def test_who_leaves_does_not_stop_the_agent(gate):
    call = gate.call("SendStreamingMessage", asked("stay", "slow"))
    opened = MessageToDict(await call.read())["task"]
    call.cancel()
    async with asyncio.timeout(10):
        while state(task := await _task(gate, opened["id"])) != "COMPLETED":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
    assert text_of(task) == "stay"


async def test_who_leaves_while_a_task_is_opened_still_gets_it_done(gate, monkeypatch):
    """Between the task's rows and its run nobody would carry it."""
    journal = gate.gateway.switchboard.journal
    is_open, may_go_on, really = asyncio.Event(), asyncio.Event(), journal.open

    async def slowly(*args, **more):
        answer = await really(*args, **more)
        is_open.set()
        await may_go_on.wait()
        return answer

    monkeypatch.setattr(journal, "open", slowly)
    call = gate.call("SendMessage", asked("kept"))
    await asyncio.wait_for(is_open.wait(), 10)
    call.cancel()
    # On the same connection: once this is answered, the gateway has heard of the leaving.
    (task,) = (await gate.result("ListTasks", {"tenant": "echo"}))["tasks"]
    may_go_on.set()
    async with asyncio.timeout(10):
        while state(await _task(gate, task["id"], "echo")) != "COMPLETED":  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def test_a_deadline_ends_the_call_not_the_run(gate):
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await gate.current.SendMessage(
            pb.SendMessageRequest(
                tenant="slow",
                message=pb.Message(message_id="m", role=pb.ROLE_USER, parts=[pb.Part(text="late")]),
            ),
            metadata=gate.metadata(),
            timeout=0.15,
        )
    assert ended.value.code() is Code.DEADLINE_EXCEEDED
    async with asyncio.timeout(10):
        while True:
            tasks = (await gate.result("ListTasks", {"tenant": "slow"})).get("tasks", [])
            if [state(task) for task in tasks] == ["COMPLETED"]:
                return
            await asyncio.sleep(0.02)


async def _first_message(task_id):
    return (await ask(Message.objects.filter(task=task_id).earliest, "created")).message


async def _task(gate, task_id, agent="slow"):
    return await gate.result("GetTask", {"tenant": agent, "id": task_id})


async def test_large_messages_pass_up_to_the_limit(gate):
    """What a task has become may be larger than what made it."""
    text = "x" * (9 * 1024 * 1024)
    assert text_of(await gate.send(text)) == text  # the artifact, and the history
    call = gate.call("SendMessage", asked("x" * (17 * 1024 * 1024)))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refused.value.code() is Code.RESOURCE_EXHAUSTED


async def test_calls_beyond_the_limit_are_turned_away(key, hosted):
    async with Gate(key, calls=1) as gate:
        call = gate.call("SendStreamingMessage", asked("first", "slow"))
        assert await call.read()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await gate.call("SendMessage", asked())
        assert refused.value.code() is Code.RESOURCE_EXHAUSTED
        while await call.read() is not grpc.aio.EOF:
            pass


# ---- With a web process on the same database


async def test_a_task_of_the_gateway_is_streamed_and_canceled_over_http(gate, web):
    task = await gate.later("shared", "slow")
    told = [each async for each in web.stream("SubscribeToTask", {"id": task["id"]}, "slow")]
    assert told[0]["task"]["id"] == task["id"]
    assert told[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    other = await gate.later("canceled", "slow", sleep=60)
    assert state(await web.result("CancelTask", {"id": other["id"]}, "slow")) == "CANCELED"


async def test_a_task_of_a_web_process_is_streamed_and_canceled_over_grpc(gate, web):
    task = await web.later("shared", "slow", metadata={"sleep": 2})
    told = await gate.stream("SubscribeToTask", {"tenant": "slow", "id": task["id"]})
    assert told[0]["task"]["id"] == task["id"]
    assert told[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    other = await web.later("canceled", "slow", metadata={"sleep": 60})
    assert (
        state(await gate.result("CancelTask", {"tenant": "slow", "id": other["id"]})) == "CANCELED"
    )


async def test_a_stream_is_resumed_through_the_other_door(gate, web):
    """Numbered events were told over SSE; the last number, sent as metadata, brings what came after it."""
    task = await web.send("once more")
    told = await gate.stream(
        "SubscribeToTask", {"tenant": "echo", "id": task["id"]}, last_event_id="1"
    )
    assert "task" not in told[0]
    assert told[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_the_end_of_the_process_is_told_to_who_subscribes(key, hosted, web):
    async with Gate(key) as gate:
        task = await web.later("elsewhere", "slow", metadata={"sleep": 60})
        call = gate.call("SubscribeToTask", {"tenant": "slow", "id": task["id"]})
        assert await call.read()
        ending = asyncio.create_task(gate.gateway.stop())
        code, told = await refusal(call)
        await ending
    assert code is Code.UNAVAILABLE
    assert "Subscribe" in told["message"]


async def test_the_example_of_the_page_runs(gate, key):
    page = (ROOT / "docs/reference/a2a-grpc.md").read_text()
    program = page.split("```python\n")[1].split("```")[0]
    program = program.replace("127.0.0.1:50051", gate.address).replace("agx_…", key)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await running.communicate()
    assert (running.returncode, told) == (0, b"hello\n")
