"""Section 3: the operations on messages and tasks."""

import asyncio
import time
import uuid

from tests.conformance.rows import ON_HTTP, row
from tests.conformance.world import World, message, state

DONE = "TASK_STATE_COMPLETED"
ENDED = (DONE, "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED")
NOWHERE = "11111111-2222-7333-8444-555555555555"


@row("CORE-SEND-001", "3.1.1", "SendMessage answers with a Task or a Message")
async def _(w: World) -> None:
    task = (await w.send("tck-complete-task"))["task"]
    assert (state(task), bool(task["id"]), bool(task["contextId"])) == (DONE, True, True)


@row("CORE-SEND-002", "3.1.1", "A message to an ended task is UnsupportedOperation")
async def _(w: World) -> None:
    for order in ("tck-complete-task", "tck-reject-task", "tck-task-failure"):
        task = await w.task(order)
        await w.refused(w.send("tck-complete-task", taskId=task["id"]), "UNSUPPORTED_OPERATION")


@row("CORE-SEND-003", "3.1.1", "A media type the agent does not take is ContentTypeNotSupported")
async def _(w: World) -> None:
    parts = [{"raw": "dGNr", "mediaType": "application/x-unsupported-tck-type"}]
    await w.refused(w.send("tck-send-003", parts=parts), "CONTENT_TYPE_NOT_SUPPORTED")


@row("CORE-SEND-004", "3.1.1", "An agent may answer with a Message alone, which names no task")
async def _(w: World) -> None:
    answer = await w.send("tck-message-response")
    told = answer["message"]
    assert list(answer) == ["message"]
    assert (told["role"], bool(told["messageId"])) == ("ROLE_AGENT", True)
    assert told["contextId"]
    assert not told.get("taskId")


@row("CORE-GET-001", "3.1.3", "GetTask tells the task's state, artifacts and history")
async def _(w: World) -> None:
    task = await w.get((await w.task("tck-artifact-text"))["id"])
    (artifact,) = task["artifacts"]
    assert artifact["parts"] == [{"text": "Generated text content"}]
    assert state(task) == DONE
    assert task["history"]


@row("CORE-GET-002", "3.1.3", "GetTask of an unknown task is TaskNotFound")
async def _(w: World) -> None:
    await w.refused(w.get(NOWHERE), "TASK_NOT_FOUND")
    await w.refused(w.get("tck-nonexistent-get-002"), "TASK_NOT_FOUND")


@row("CORE-CANCEL-001", "3.1.5", "CancelTask ends the task and returns it")
async def _(w: World) -> None:
    for order in ("tck-cancel", "tck-input-required"):
        task = await w.later(order)
        assert state(await w.cancel(task["id"])) == "TASK_STATE_CANCELED"


@row(
    "CORE-CANCEL-002",
    "3.1.5",
    "CancelTask of an ended task is TaskNotCancelable, cancelled ones too",
)
async def _(w: World) -> None:
    task = await w.task("tck-complete-task")
    await w.refused(w.cancel(task["id"]), "TASK_NOT_CANCELABLE")
    task = await w.later("tck-cancel")
    await w.cancel(task["id"])
    await w.refused(w.cancel(task["id"]), "TASK_NOT_CANCELABLE")


@row("CORE-CANCEL-003", "3.1.5", "CancelTask of an unknown task is TaskNotFound")
async def _(w: World) -> None:
    await w.refused(w.cancel("tck-nonexistent-cancel-003"), "TASK_NOT_FOUND")


@row("CORE-EXECUTION-MODE-001", "3.2.2", "A blocking send waits for an end or an interruption")
async def _(w: World) -> None:
    assert state(await w.task("tck-delayed-complete", {"returnImmediately": False})) == DONE
    assert state(await w.task("tck-input-required")) == "TASK_STATE_INPUT_REQUIRED"
    assert state(await w.task("tck-auth-required")) == "TASK_STATE_AUTH_REQUIRED"


@row("CORE-EXECUTION-MODE-002", "3.2.2", "returnImmediately answers while the agent still works")
async def _(w: World) -> None:
    begun = time.monotonic()
    task = await w.later("tck-delayed-complete")
    assert state(task) not in ENDED
    asked = time.monotonic() - begun
    while state(await w.get(task["id"])) not in ENDED:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    assert asked < time.monotonic() - begun


@row(
    "CORE-CAP-001",
    "3.3.4",
    "Without pushNotifications every push operation is refused",
    profile="minimal",
)
async def _(w: World) -> None:
    task = await w.task("tck-complete-task")
    which = {"taskId": task["id"], "id": "x"}
    config = {"taskId": task["id"], "url": "https://example.com/hook"}
    for verb, given in (
        ("CreateTaskPushNotificationConfig", config),
        ("GetTaskPushNotificationConfig", which),
        ("ListTaskPushNotificationConfigs", {"taskId": task["id"]}),
        ("DeleteTaskPushNotificationConfig", which),
    ):
        await w.refused(w.binding.call(verb, given), "PUSH_NOTIFICATION_NOT_SUPPORTED")


@row(
    "CORE-CAP-002",
    "3.3.4",
    "Without streaming both streams are UnsupportedOperation",
    profile="minimal",
)
async def _(w: World) -> None:
    given = {"message": message("tck-stream-001")}
    stream = w.binding.stream("SendStreamingMessage", given)
    await w.refused(w.first(stream), "UNSUPPORTED_OPERATION")
    task = await w.task("tck-input-required")
    await w.refused(w.first(w.follow(task["id"])), "UNSUPPORTED_OPERATION")


@row(
    "CORE-CAP-003", "3.3.4", "Without an extended card GetExtendedAgentCard is UnsupportedOperation"
)
async def _(w: World) -> None:
    await w.refused(w.binding.call("GetExtendedAgentCard", {}), "UNSUPPORTED_OPERATION")


EXTENSION = "urn:a2a:tck:required-extension"
required = {"profile": "required-extension"}


@row(
    "CORE-CAP-004",
    "3.3.4",
    "A required extension that the client does not name is refused",
    **required,
)
async def _(w: World) -> None:
    told = {"message": message("tck-complete-task")}
    await w.refused(w.binding.call("SendMessage", told), "EXTENSION_SUPPORT_REQUIRED")
    stream = w.binding.stream("SendStreamingMessage", told)
    await w.refused(w.first(stream), "EXTENSION_SUPPORT_REQUIRED")


@row("CORE-CAP-005", "3.3.4", "A client that names the required extension is served", **required)
async def _(w: World) -> None:
    told = {"message": message("tck-complete-task")}
    headers = {"A2A-Extensions": f"urn:another, {EXTENSION}"}
    assert "task" in await w.binding.call("SendMessage", told, headers)


@row(
    "CORE-MULTI-001a",
    "3.4.1",
    "A context made by the server is in the answer, and differs each time",
)
async def _(w: World) -> None:
    first, second = await w.task("tck-complete-task"), await w.task("tck-complete-task")
    assert first["contextId"] != second["contextId"]
    assert first["id"] != second["id"]


@row("CORE-MULTI-002", "3.4.1", "A context made by the client is kept", level="MAY")
async def _(w: World) -> None:
    context_id = str(uuid.uuid4())
    first = await w.task("tck-complete-task", contextId=context_id)
    second = await w.task("tck-complete-task", contextId=context_id)
    assert (first["contextId"], second["contextId"]) == (context_id, context_id)
    assert first["id"] != second["id"]


@row("CORE-MULTI-004", "3.4.2", "A message for an unknown task is TaskNotFound")
async def _(w: World) -> None:
    await w.refused(w.send("tck-multi-004", taskId="tck-nonexistent-multi-004"), "TASK_NOT_FOUND")


@row("CORE-MULTI-005", "3.4.3", "A message that names only the task is in the task's context")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    after = await w.task("tck-complete-task", taskId=task["id"])
    assert (after["id"], after["contextId"], state(after)) == (task["id"], task["contextId"], DONE)
    told = [entry["contextId"] for entry in (await w.get(task["id"]))["history"]]
    assert set(told) == {task["contextId"]}


@row("CORE-MULTI-006", "3.4.3", "A task in another context than the message says is refused")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    fields = {"taskId": task["id"], "contextId": str(uuid.uuid4())}
    await w.refused(w.send("tck-complete-task", **fields), "INVALID_PARAMS")


@row("CORE-HIST-001", "3.2.4", "historyLength 0 leaves the history out", level="SHOULD")
async def _(w: World) -> None:
    task = await w.task("tck-complete-task")
    assert "history" not in await w.get(task["id"], historyLength=0)


@row("CORE-HIST-002", "3.2.4", "Never more history than historyLength, and the newest of it")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    await w.task("tck-complete-task", taskId=task["id"], parts=[{"text": "the answer"}])
    whole = (await w.get(task["id"]))["history"]
    assert len(whole) >= 3
    assert (await w.get(task["id"], historyLength=1))["history"] == whole[-1:]
    assert (await w.get(task["id"], historyLength=2))["history"] == whole[-2:]


@row("CORE-HIST-003", "3.2.4", "historyLength of a send counts for its answer", level="SHOULD")
async def _(w: World) -> None:
    assert "history" not in await w.task("tck-complete-task", {"historyLength": 0})


@row(
    "CORE-HIST-005", "3.2.4", "History is in the order it was said, as it was said", level="SHOULD"
)
async def _(w: World) -> None:
    task = await w.task("tck-input-required", parts=[{"text": "first"}])
    await w.task("tck-complete-task", taskId=task["id"], parts=[{"text": "second"}])
    history = (await w.get(task["id"]))["history"]
    said = [entry["parts"][0]["text"] for entry in history if entry["role"] == "ROLE_USER"]
    assert said == ["first", "second"]


@row("CORE-HIST-007", "3.2.4", "A negative historyLength is InvalidParams")
async def _(w: World) -> None:
    task = await w.task("tck-complete-task")
    refusal = await w.refused(w.get(task["id"], historyLength=-1), "INVALID_PARAMS")
    assert refusal.fields == ["historyLength"]


@row("CORE-ERR-002", "3.3.2", "What is wrong in a request is refused, and the field is named")
async def _(w: World) -> None:
    for given, field in (
        ({}, "message"),
        ({"message": {"role": "ROLE_USER", "parts": [{"text": "x"}]}}, "message.messageId"),
        ({"message": {"role": "ROLE_USER", "messageId": "m"}}, "message.parts"),
        ({"message": {"parts": [{"text": "x"}], "messageId": "m"}}, "message.role"),
    ):
        refusal = await w.refused(w.binding.call("SendMessage", given), "INVALID_PARAMS")
        assert any(field in told for told in refusal.fields), (given, refusal)


@row("DM-SERIAL-005", "5.7", "Fields that nobody knows are ignored", level="SHOULD", on=ON_HTTP)
async def _(w: World) -> None:
    given = {"message": message("tck-complete-task", tckUnknownField="x"), "tckExtraParam": 42}
    assert "task" in await w.binding.call("SendMessage", given)


@row("AUTH-INTASK-001", "7.6.1", "An agent that needs authorisation says so in a task, with words")
async def _(w: World) -> None:
    task = await w.get((await w.task("tck-auth-required"))["id"])
    assert state(task) == "TASK_STATE_AUTH_REQUIRED"
    assert task["status"]["message"]["parts"][0]["text"]


@row(
    "AUTH-INTASK-006", "7.6.1", "A task that waits for authorisation takes messages", level="SHOULD"
)
async def _(w: World) -> None:
    task = await w.task("tck-auth-required")
    assert state(await w.task("tck-complete-task", taskId=task["id"])) == DONE
