"""Sections 3.1.2, 3.1.6 and 3.5.2: streams."""

import asyncio
from contextlib import aclosing

from tests.conformance.bindings import Json
from tests.conformance.rows import row
from tests.conformance.world import World, message, state

DONE = "TASK_STATE_COMPLETED"


def told(response: Json) -> str:
    """What one response tells, in a word."""
    (kind,) = response
    if kind == "statusUpdate":
        return str(response[kind]["status"]["state"]).removeprefix("TASK_STATE_").lower()
    if kind == "artifactUpdate":
        flags = [name for name in ("append", "lastChunk") if response[kind].get(name)]
        return " ".join(["artifact", *flags])
    return str(kind)


@row("CORE-STREAM-001", "3.1.2", "A stream tells what happens, one kind of thing per response")
async def _(w: World) -> None:
    events = [told(each) for each in await w.stream("tck-stream-001")]
    assert events == ["task", "working", "artifact lastChunk", "completed"]


@row("CORE-STREAM-002", "3.1.2", "A direct answer is the only response of its stream")
async def _(w: World) -> None:
    (response,) = await w.stream("tck-message-response")
    assert response["message"]["parts"] == [{"text": "Direct message response"}]


@row("CORE-STREAM-003", "3.1.2", "A stream begins with the task and closes with its end")
async def _(w: World) -> None:
    for order, end in (("tck-stream-003", "completed"), ("tck-task-failure", "failed")):
        events = [told(each) for each in await w.stream(order)]
        assert (events[0], events[-1]) == ("task", end)
    assert [told(each) for each in await w.stream("tck-stream-002")][-1] == "completed"


@row("CORE-STREAM-004", "3.1.2", "A stream of a turn that asks closes with the question")
async def _(w: World) -> None:
    assert [told(each) for each in await w.stream("tck-input-required")][-1] == "input_required"


@row("CORE-STREAM-005", "3.1.2", "Every event names the task and its context")
async def _(w: World) -> None:
    first, *events = await w.stream("tck-stream-artifact-file")
    ids = {(first["task"]["id"], first["task"]["contextId"])}
    inner = [next(iter(event.values())) for event in events]
    assert {(each["taskId"], each["contextId"]) for each in inner} == ids


@row("CORE-STREAM-006", "3.1.2", "What is wrong before the first event is an ordinary refusal")
async def _(w: World) -> None:
    given = {"message": message("tck-stream-001", taskId="no-such-task")}
    stream = w.binding.stream("SendStreamingMessage", given)
    await w.refused(w.first(stream), "TASK_NOT_FOUND")


@row("STREAM-ORDER-001", "3.5.2", "Chunks of an artifact come in order and say which is the last")
async def _(w: World) -> None:
    responses = await w.stream("tck-stream-artifact-chunked")
    events = [told(each) for each in responses]
    assert events[2:4] == ["artifact", "artifact append lastChunk"]
    updates = [each["artifactUpdate"]["artifact"] for each in responses[2:4]]
    assert updates[0]["artifactId"] == updates[1]["artifactId"]
    assert "".join(part["text"] for each in updates for part in each["parts"]) == "chunk-1 chunk-2"
    task = await w.get(responses[0]["task"]["id"])
    (artifact,) = task["artifacts"]
    assert "".join(part["text"] for part in artifact["parts"]) == "chunk-1 chunk-2"


@row("STREAM-ORDER-002", "3.5.2", "Every stream of a task tells the same in the same order")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    begun = [asyncio.Event(), asyncio.Event()]
    followers = [asyncio.create_task(_all(w, task["id"], each)) for each in begun]
    await asyncio.gather(*(each.wait() for each in begun))
    await w.task("tck-stream-001", taskId=task["id"])
    first, second = await asyncio.gather(*followers)
    assert first == second
    assert (told(first[0]), told(first[-1])) == ("task", "completed")


async def _all(w: World, task_id: str, begun: asyncio.Event) -> list[Json]:
    responses = []
    async for response in w.follow(task_id):
        responses.append(response)
        begun.set()
    return responses


@row("STREAM-ORDER-004", "3.5.2", "Closing one stream leaves the others and the task alone")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    async with aclosing(w.follow(task["id"])) as other:  # type: ignore[type-var]
        assert told(await anext(other)) == "task"
        assert told(await w.first(w.follow(task["id"]))) == "task"
        await w.task("tck-complete-task", taskId=task["id"])
        assert told([each async for each in other][-1]) == "completed"


@row("STREAM-SUB-001", "3.1.6", "SubscribeToTask begins with the task as it is")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    first = await w.first(w.follow(task["id"]))
    assert first["task"]["id"] == task["id"]
    assert first["task"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"


@row("STREAM-SUB-002", "3.1.6", "SubscribeToTask closes when the task ends")
async def _(w: World) -> None:
    task = await w.later("test-resubscribe-message-id")
    events = [told(each) async for each in w.follow(task["id"])]
    assert (events[0], events[-1]) == ("task", "completed")


@row("STREAM-SUB-003", "3.1.6", "SubscribeToTask of an ended task is UnsupportedOperation")
async def _(w: World) -> None:
    task = await w.task("tck-complete-task")
    await w.refused(w.first(w.follow(task["id"])), "UNSUPPORTED_OPERATION")


@row("STREAM-SUB-004", "3.1.6", "SubscribeToTask of an unknown task is TaskNotFound")
async def _(w: World) -> None:
    await w.refused(w.first(w.follow("tck-nonexistent-sub-004")), "TASK_NOT_FOUND")


@row("STREAM-SUB-005", "3.1.6", "A task that asks can be followed until it is answered and beyond")
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    async with aclosing(w.follow(task["id"])) as stream:  # type: ignore[type-var]
        await anext(stream)
        await w.task("tck-stream-001", taskId=task["id"])
        events = [told(each) async for each in stream]
    assert events[-1] == "completed"
    assert "artifact lastChunk" in events


@row(
    "STREAM-GONE-001", "3.5.2", "Who leaves a stream ends nothing: the task goes on", level="SHOULD"
)
async def _(w: World) -> None:
    given = {"message": message("tck-delayed-complete")}
    first = await w.first(w.binding.stream("SendStreamingMessage", given))
    async with asyncio.timeout(20):
        while state(await w.get(first["task"]["id"])) != DONE:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@row(
    "AUTH-INTASK-005", "7.6.1", "A stream stays open while authorisation is awaited", level="SHOULD"
)
async def _(w: World) -> None:
    task = await w.task("tck-auth-required")
    async with aclosing(w.follow(task["id"])) as stream:  # type: ignore[type-var]
        assert told(await anext(stream)) == "task"
        await w.task("tck-complete-task", taskId=task["id"])
        assert told([each async for each in stream][-1]) == "completed"
