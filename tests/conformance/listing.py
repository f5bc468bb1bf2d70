"""Section 3.1.4: ListTasks."""

import re

from tests.conformance.bindings import Json
from tests.conformance.rows import ON_HTTP, row
from tests.conformance.world import World, state


def ids(page: Json) -> list[str]:
    return [task["id"] for task in page.get("tasks", [])]


@row("CORE-LIST-001", "3.1.4", "ListTasks shows the caller's tasks of a context, and no others")
async def _(w: World) -> None:
    context_id, made = await w.context_of(2)
    await w.context_of(1)
    assert sorted(ids(await w.listed(context_id))) == sorted(made)


@row("CORE-LIST-002", "3.1.4", "Pages follow one another by their tokens")
async def _(w: World) -> None:
    context_id, made = await w.context_of(3)
    first = await w.listed(context_id, pageSize=2)
    assert (len(ids(first)), first["totalSize"], first["pageSize"]) == (2, 3, 2)
    last = await w.listed(context_id, pageSize=2, pageToken=first["nextPageToken"])
    assert sorted(ids(first) + ids(last)) == sorted(made)


@row("CORE-LIST-003", "3.1.4", "The task whose state changed last comes first")
async def _(w: World) -> None:
    context_id, made = await w.context_of(2, "tck-input-required")
    assert ids(await w.listed(context_id)) == made[::-1]
    await w.task("tck-complete-task", taskId=made[0])
    assert ids(await w.listed(context_id)) == made


@row(
    "CORE-LIST-004",
    "3.1.4",
    "All four fields are always there, and the last token is empty",
    on=ON_HTTP,
)
async def _(w: World) -> None:
    context_id, _ = await w.context_of(1)
    page = await w.listed(context_id, pageSize=100)
    assert page.keys() == {"tasks", "nextPageToken", "pageSize", "totalSize"}
    assert page["nextPageToken"] == ""
    empty = await w.listed("a-context-without-tasks")
    assert (empty["tasks"], empty["nextPageToken"], empty["totalSize"]) == ([], "", 0)
    assert empty["pageSize"] == 50


@row("CORE-LIST-005", "3.1.4", "Artifacts are left out unless they are asked for")
async def _(w: World) -> None:
    context_id, _ = await w.context_of(1, "tck-artifact-text")
    assert "artifacts" not in (await w.listed(context_id))["tasks"][0]
    assert "artifacts" not in (await w.listed(context_id, includeArtifacts=False))["tasks"][0]
    assert (await w.listed(context_id, includeArtifacts=True))["tasks"][0]["artifacts"]


@row("CORE-LIST-006", "3.1.4", "Tasks are found by their state and by when it changed")
async def _(w: World) -> None:
    context_id, (waiting,) = await w.context_of(1, "tck-input-required")
    done = await w.task("tck-complete-task", contextId=context_id)
    found = await w.listed(context_id, status="TASK_STATE_INPUT_REQUIRED")
    assert ids(found) == [waiting]
    since = done["status"]["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", since)
    assert ids(await w.listed(context_id, statusTimestampAfter=since)) == [done["id"]]


@row("CORE-LIST-007", "3.1.4", "historyLength counts for listed tasks")
async def _(w: World) -> None:
    context_id, _ = await w.context_of(1)
    assert "history" not in (await w.listed(context_id, historyLength=0))["tasks"][0]
    assert len((await w.listed(context_id, historyLength=1))["tasks"][0]["history"]) == 1


@row(
    "CORE-LIST-008", "3.1.4", "A page size outside 1 to 100 and a token of nobody are InvalidParams"
)
async def _(w: World) -> None:
    for given in ({"pageSize": 101}, {"pageSize": -1}, {"pageToken": "not-a-token"}):
        await w.refused(w.listed("c", **given), "INVALID_PARAMS")


@row("CORE-LIST-009", "3.1.4", "A token stays good when the task it points at changes")
async def _(w: World) -> None:
    context_id, made = await w.context_of(3, "tck-input-required")
    first = await w.listed(context_id, pageSize=1)
    await w.cancel(made[2])
    rest = await w.listed(context_id, pageToken=first["nextPageToken"])
    assert ids(rest) == [made[1], made[0]]
    assert {state(task) for task in rest["tasks"]} == {"TASK_STATE_INPUT_REQUIRED"}
