"""Where the reference SDK 1.3.0 was found to be weak: each of its ten weaknesses, and that AgentX has it not."""

import asyncio
import os
import signal
import uuid
from contextlib import aclosing

from tests.conformance.rows import ON_HTTP, row
from tests.conformance.world import World, message, state

DONE = "TASK_STATE_COMPLETED"
RPC, REST, GRPC = ("JSONRPC",), ("HTTP+JSON",), ("GRPC",)


@row("SDK-01", "3.1", "kill -9 of the web process leaves no task working", on=RPC, profile="killed")
async def _(w: World) -> None:
    """The agent may get its message again, so the task completes. Whoever follows it sees that."""
    task = await w.later("test-resubscribe-message-id")
    os.kill(w.served.child("web"), signal.SIGKILL)
    async with asyncio.timeout(60):
        while not await _is_up(w):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
        if state(await w.get(task["id"])) != DONE:
            *_, last = [each async for each in w.follow(task["id"])]
            assert last["statusUpdate"]["status"]["state"] == DONE
    assert state(await w.get(task["id"])) == DONE


async def _is_up(w: World) -> bool:
    try:
        async with w.rest.session.get(f"{w.served.url}/ready") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@row("SDK-02", "4.3", "A webhook that never answers does not hold up the message")
async def _(w: World) -> None:
    name = f"held-{w.binding.name}"
    config = {"url": f"{w.hook.url}/{name}"}
    task = await w.task("tck-stream-001", {"taskPushNotificationConfig": config})
    assert state(task) == DONE
    await w.hear(name, "task")  # it has been told, and has not answered yet
    w.hook.let_go(name)
    await w.hear(name, DONE)


@row(
    "SDK-03", "3.4.3", "Follow-ups that name only the task keep its context, in every message of it"
)
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    responses = await w.stream("tck-stream-001", taskId=task["id"])
    told = [each.get("statusUpdate", each.get("artifactUpdate", {})) for each in responses[1:]]
    assert {each["contextId"] for each in told} == {task["contextId"]}
    said = [each["status"]["message"] for each in told if "status" in each]
    assert {each["contextId"] for each in said} == {task["contextId"]}


@row("SDK-04", "3.6", "gRPC looks at the version too, and the minor number counts everywhere")
async def _(w: World) -> None:
    for version in ("0.3", "1.7"):
        call = w.binding.call("GetTask", {"id": "x"}, {"A2A-Version": version})
        await w.refused(call, "VERSION_NOT_SUPPORTED")


@row(
    "SDK-05",
    "3.3.4",
    "What a card requires is required of every operation",
    profile="required-extension",
)
async def _(w: World) -> None:
    for verb, given in (("GetTask", {"id": "x"}), ("ListTasks", {}), ("CancelTask", {"id": "x"})):
        await w.refused(w.binding.call(verb, given), "EXTENSION_SUPPORT_REQUIRED")


@row("SDK-06", "13.1", "What is made in one tenant is not seen in another", on=ON_HTTP)
async def _(w: World) -> None:
    task = (
        await w.rpc.call("SendMessage", {"tenant": "a", "message": message("tck-complete-task")})
    )["task"]
    for tenant in ("b", ""):
        given = {"contextId": task["contextId"], "tenant": tenant}
        assert (await w.rpc.call("ListTasks", given))["tasks"] == []
    given = {"contextId": task["contextId"], "tenant": "a"}
    assert len((await w.rpc.call("ListTasks", given))["tasks"]) == 1


@row("SDK-07", "3.1.1", "Who asks for it gets one task for one message, however often it is sent")
async def _(w: World) -> None:
    given = {"message": message("tck-complete-task")}
    once = {"AgentX-Idempotent": "true"}
    answers = [await w.binding.call("SendMessage", given, once) for _ in range(2)]
    assert answers[0]["task"]["id"] == answers[1]["task"]["id"]
    # Without asking: two tasks, as the specification leaves it. And within a task nothing is dropped.
    first, second = [await w.binding.call("SendMessage", given) for _ in range(2)]
    assert first["task"]["id"] != second["task"]["id"]
    again = str(uuid.uuid4())
    task = await w.task("x", messageId=again, parts=[{"text": "tck-input-required"}])
    await w.task("x", messageId=again, taskId=task["id"], parts=[{"text": "the answer"}])
    history = (await w.get(task["id"]))["history"]
    assert [each["messageId"] for each in history].count(again) == 2
    assert [each["role"] for each in history] == ["ROLE_USER", "ROLE_AGENT", "ROLE_USER"]


@row("SDK-08a", "3.1.4", "A state that is none is refused, not forgotten")
async def _(w: World) -> None:
    if w.binding.name == "GRPC":  # the type has no such value; one that is not named is refused
        call = w.binding.call("ListTasks", {"status": 77})
    else:
        call = w.binding.call("ListTasks", {"status": "TASK_STATE_NONSENSE"})
    await w.refused(call, "INVALID_PARAMS")


@row("SDK-08b", "3.1.5", "What is said with a cancel is kept")
async def _(w: World) -> None:
    task = await w.later("tck-cancel")
    async with aclosing(w.follow(task["id"])) as stream:  # type: ignore[type-var]
        await anext(stream)
        given = {"id": task["id"], "metadata": {"why": "because"}}
        await w.binding.call("CancelTask", given)
        *_, last = [each async for each in stream]
    assert last["statusUpdate"]["metadata"]["why"] == "because"


@row(
    "SDK-09",
    "3.5.2",
    "A task begun on one process is followed, cancelled and listed on another",
    on=GRPC,
)
async def _(w: World) -> None:
    """A web process runs it; the gateway is a process of its own."""
    given = {"message": message("tck-cancel"), "configuration": {"returnImmediately": True}}
    task = (await w.rpc.call("SendMessage", given))["task"]
    async with aclosing(w.follow(task["id"])) as stream:  # type: ignore[type-var]
        assert (await anext(stream))["task"]["id"] == task["id"]
        assert state(await w.cancel(task["id"])) == "TASK_STATE_CANCELED"
        *_, last = [each async for each in stream]
    assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"
    begun = await w.later("tck-cancel")  # and the other way round
    async with aclosing(w.rpc.stream("SubscribeToTask", {"id": begun["id"]})) as stream:
        assert (await anext(stream))["task"]["id"] == begun["id"]
        await w.rpc.call("CancelTask", {"id": begun["id"]})
        *_, last = [each async for each in stream]
    assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"


@row(
    "SDK-10",
    "7.4",
    "An agent that is not open answers nobody without a key, and says how to get in",
    on=REST,
)
async def _(w: World) -> None:
    url = f"{w.served.url}/a2a/echo/tasks"
    async with w.rest.session.get(url, headers={"A2A-Version": "1.0"}) as answer:
        assert answer.status == 401
        assert "Bearer" in answer.headers["www-authenticate"]
    async with w.rest.session.get(url, headers=w.rest.headers) as answer:
        assert answer.status == 200
