"""Sections 3.1.7 to 3.1.10 and 4.3: push notifications."""

from tests.conformance.bindings import Json
from tests.conformance.rows import row
from tests.conformance.world import World

CREATE = "CreateTaskPushNotificationConfig"
GET = "GetTaskPushNotificationConfig"
LIST = "ListTaskPushNotificationConfigs"
DELETE = "DeleteTaskPushNotificationConfig"


async def create(w: World, task_id: str, **fields: object) -> Json:
    told = {"taskId": task_id, "url": f"{w.hook.url}/{task_id}"} | fields
    return dict(await w.binding.call(CREATE, told))


async def waiting(w: World) -> str:
    """A task that can still change."""
    return str((await w.task("tck-input-required"))["id"])


@row("PUSH-CREATE-001", "3.1.7", "A config is made, and gets an id")
async def _(w: World) -> None:
    task_id = await waiting(w)
    made = await create(w, task_id)
    assert (made["taskId"], made["url"], bool(made["id"])) == (
        task_id,
        f"{w.hook.url}/{task_id}",
        True,
    )


@row("PUSH-CREATE-002", "3.1.7", "A config lives on while its task changes")
async def _(w: World) -> None:
    task_id = await waiting(w)
    made = await create(w, task_id)
    await w.task("tck-multi-turn", taskId=task_id)
    got = await w.binding.call(GET, {"taskId": task_id, "id": made["id"]})
    assert got["url"] == made["url"]


@row(
    "PUSH-CREATE-003",
    "3.1.7",
    "A config with an id of the client's keeps it; the same id again replaces",
)
async def _(w: World) -> None:
    task_id = await waiting(w)
    assert (await create(w, task_id, id="mine"))["id"] == "mine"
    await create(w, task_id, id="mine", url=f"{w.hook.url}/other")
    listed = await w.binding.call(LIST, {"taskId": task_id})
    assert [each["url"] for each in listed["configs"]] == [f"{w.hook.url}/other"]


@row("PUSH-CREATE-004", "13.2", "A URL inside a private network is refused")
async def _(w: World) -> None:
    task_id = await waiting(w)
    for url in (
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "ftp://example.com/",
        "nonsense",
    ):
        await w.refused(create(w, task_id, url=url), "INVALID_PARAMS")


@row("PUSH-GET-001", "3.1.8", "A config is told as it was made, without its secrets")
async def _(w: World) -> None:
    task_id = await waiting(w)
    secret = {"scheme": "Bearer", "credentials": "a-secret-credential"}
    made = await create(w, task_id, token="a-secret-token", authentication=secret)
    got = await w.binding.call(GET, {"taskId": task_id, "id": made["id"]})
    assert (got["id"], got["url"]) == (made["id"], made["url"])
    assert got["authentication"]["scheme"] == "Bearer"
    assert "a-secret" not in str(got)


@row("PUSH-GET-002", "3.1.8", "An unknown config, and one of an unknown task, are not found")
async def _(w: World) -> None:
    task_id = await waiting(w)
    await w.refused(w.binding.call(GET, {"taskId": task_id, "id": "nobody"}), "TASK_NOT_FOUND")
    await w.refused(w.binding.call(GET, {"taskId": "no-such-task", "id": "x"}), "TASK_NOT_FOUND")
    await w.refused(create(w, "no-such-task"), "TASK_NOT_FOUND")


@row("PUSH-LIST-001", "3.1.9", "Every config of a task is listed, page by page if asked")
async def _(w: World) -> None:
    task_id = await waiting(w)
    made = {(await create(w, task_id))["id"] for _ in range(3)}
    listed = await w.binding.call(LIST, {"taskId": task_id})
    assert {each["id"] for each in listed["configs"]} == made
    first = await w.binding.call(LIST, {"taskId": task_id, "pageSize": 2})
    given = {"taskId": task_id, "pageSize": 2, "pageToken": first["nextPageToken"]}
    last = await w.binding.call(LIST, given)
    assert {each["id"] for each in (*first["configs"], *last["configs"])} == made


@row("PUSH-DEL-001", "3.1.10", "A deleted config is gone")
async def _(w: World) -> None:
    task_id = await waiting(w)
    which = {"taskId": task_id, "id": (await create(w, task_id))["id"]}
    assert not await w.binding.call(DELETE, which)
    await w.refused(w.binding.call(GET, which), "TASK_NOT_FOUND")


@row("PUSH-DEL-002", "3.1.10", "Deleting again does no harm")
async def _(w: World) -> None:
    task_id = await waiting(w)
    which = {"taskId": task_id, "id": (await create(w, task_id))["id"]}
    for _ in range(2):
        assert not await w.binding.call(DELETE, which)


@row("PUSH-DELIVER-001", "4.3.3", "The webhook gets the credentials it gave")
async def _(w: World) -> None:
    task_id = await waiting(w)
    secret = {"scheme": "Bearer", "credentials": "for-the-hook"}
    await create(w, task_id, token="the-token", authentication=secret)
    await w.task("tck-complete-task", taskId=task_id)
    for _, headers in await w.hear(task_id, "TASK_STATE_COMPLETED"):
        assert headers["authorization"] == "Bearer for-the-hook"
        assert headers["x-a2a-notification-token"] == "the-token"
        assert headers["content-type"] == "application/a2a+json"


@row("PUSH-DELIVER-002", "4.3.3", "Every event is told, in order, as a StreamResponse")
async def _(w: World) -> None:
    task_id = await waiting(w)
    await create(w, task_id)
    await w.task("tck-stream-001", taskId=task_id)
    heard = [told for told, _ in await w.hear(task_id, "TASK_STATE_COMPLETED")]
    assert all(len(told) == 1 for told in heard)
    kinds = [next(iter(told)) for told in heard]
    assert set(kinds) <= {"task", "message", "statusUpdate", "artifactUpdate"}
    assert kinds.index("artifactUpdate") < len(kinds) - 1
    last = heard[-1]["statusUpdate"]
    assert (last["taskId"], last["status"]["state"]) == (task_id, "TASK_STATE_COMPLETED")


@row(
    "PUSH-DELIVER-003",
    "4.3.1",
    "A config that comes with the message hears of the task from its start",
)
async def _(w: World) -> None:
    name = f"inline-{w.binding.name}"
    config = {"url": f"{w.hook.url}/{name}", "token": "inline"}
    w.hook.heard[name].clear()
    task = await w.task("tck-stream-001", {"taskPushNotificationConfig": config})
    heard = await w.hear(name, "TASK_STATE_COMPLETED")
    assert all(headers["x-a2a-notification-token"] == "inline" for _, headers in heard)
    ids = {next(iter(told.values())).get("taskId", task["id"]) for told, _ in heard}
    assert ids == {task["id"]}
