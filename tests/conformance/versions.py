"""Sections 3.6 and 7: versions, and who may."""

from tests.conformance.bindings import RefusedError
from tests.conformance.rows import EVERYWHERE, ON_HTTP, row
from tests.conformance.world import World, message

VERBS = {
    "GetTask": {"id": "x"},
    "ListTasks": {},
    "CancelTask": {"id": "x"},
    "CreateTaskPushNotificationConfig": {"taskId": "x", "url": "https://example.com/"},
    "GetTaskPushNotificationConfig": {"taskId": "x", "id": "y"},
    "ListTaskPushNotificationConfigs": {"taskId": "x"},
    "DeleteTaskPushNotificationConfig": {"taskId": "x", "id": "y"},
    "GetExtendedAgentCard": {},
}


@row(
    "VER-SERVER-001", "3.6.2", "1.0 is spoken to who asks for 1.0; the patch number does not matter"
)
async def _(w: World) -> None:
    given = {"message": message("tck-complete-task")}
    for version in ("1.0", "1.0.1"):
        assert "task" in await w.binding.call("SendMessage", given, {"A2A-Version": version})


@row("VER-SERVER-002", "3.6.2", "Another version is VersionNotSupported, on every operation")
async def _(w: World) -> None:
    for version in ("99.0", "1.7", "2.0", "nonsense"):
        given = {"message": message("tck-complete-task")}
        call = w.binding.call("SendMessage", given, {"A2A-Version": version})
        await w.refused(call, "VERSION_NOT_SUPPORTED")
    for verb, given in VERBS.items():
        call = w.binding.call(verb, given, {"A2A-Version": "99.0"})
        await w.refused(call, "VERSION_NOT_SUPPORTED")
    stream = w.binding.stream("SubscribeToTask", {"id": "x"}, {"A2A-Version": "99.0"})
    await w.refused(w.first(stream), "VERSION_NOT_SUPPORTED")


@row("VER-SERVER-003", "3.6.2", "No version means 0.3, which does not know these operations")
async def _(w: World) -> None:
    given = {"message": message("tck-complete-task")}
    call = w.binding.call("SendMessage", given, {"A2A-Version": ""})
    await w.refused(call, "VERSION_NOT_SUPPORTED")


@row("VER-SERVER-004", "3.6.1", "The version may stand in the query", on=ON_HTTP)
async def _(w: World) -> None:
    url = w.rest.base + "tasks?A2A-Version=1.0&pageSize=1"
    headers = {name: value for name, value in w.rest.headers.items() if name != "A2A-Version"}
    async with w.rest.session.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


@row("AUTH-SERVER-002", "7.4", "A credential that is none is refused, on every operation")
async def _(w: World) -> None:
    bad = {"Authorization": "Bearer agx_nobody"}
    given = {"message": message("tck-complete-task")}
    for verb, asked in {"SendMessage": given, **VERBS}.items():
        await is_unauthenticated(w, verb, asked, bad)


async def is_unauthenticated(w: World, verb: str, given: object, headers: dict[str, str]) -> None:
    try:
        await w.binding.call(verb, given, headers)  # type: ignore[arg-type]
    except RefusedError as refusal:
        assert refusal.status == 401 or refusal.code == "UNAUTHENTICATED", refusal
    else:
        raise AssertionError(verb)


@row(
    "AUTH-SCOPE-002",
    "13.1",
    "Nobody sees the tasks of another, and cannot tell that there are any",
    on=EVERYWHERE,
)
async def _(w: World) -> None:
    task = await w.task("tck-input-required")
    other = {"Authorization": f"Bearer {w.other_key}"}
    for verb in ("GetTask", "CancelTask"):
        call = w.binding.call(verb, {"id": task["id"]}, other)
        refusal = await w.refused(call, "TASK_NOT_FOUND")
        unknown = w.binding.call(verb, {"id": task["id"][:-4] + "0000"}, other)
        assert (await w.refused(unknown, "TASK_NOT_FOUND")).code == refusal.code
    stream = w.binding.stream("SubscribeToTask", {"id": task["id"]}, other)
    await w.refused(w.first(stream), "TASK_NOT_FOUND")
    listed = await w.binding.call("ListTasks", {"contextId": task["contextId"]}, other)
    assert not listed.get("tasks")


@row(
    "AUTH-SCOPE-004", "13.1", "A tenant is a wall: its tasks are not seen from another", on=ON_HTTP
)
async def _(w: World) -> None:
    given = {"tenant": "acme", "message": message("tck-complete-task")}
    task = (await w.rpc.call("SendMessage", given))["task"]
    assert (await w.rpc.call("GetTask", {"id": task["id"], "tenant": "acme"}))["id"] == task["id"]
    on_rpc = type(w)(w.served, w.hook, w.rpc, w.rpc, w.rest, w.other_key)
    for tenant in ({"tenant": "other"}, {}):
        await on_rpc.refused(w.rpc.call("GetTask", {"id": task["id"], **tenant}), "TASK_NOT_FOUND")


@row(
    "AUTH-SCOPE-005",
    "13.1",
    "Strangers of an open agent see the tasks they can name, and no list of all",
)
async def _(w: World) -> None:
    stranger = {"Authorization": ""}
    given = {"message": message("tck-complete-task")}
    task = (await w.binding.call("SendMessage", given, stranger))["task"]
    assert (await w.binding.call("GetTask", {"id": task["id"]}, stranger))["id"] == task["id"]
    named = {"contextId": task["contextId"]}
    (found,) = (await w.binding.call("ListTasks", named, stranger))["tasks"]
    assert found["id"] == task["id"]
    assert not (await w.binding.call("ListTasks", {}, stranger)).get("tasks")
    await w.refused(w.get(task["id"]), "TASK_NOT_FOUND")


@row(
    "AUTH-SERVER-003",
    "7.4",
    "A refusal for want of a credential says which would do",
    level="SHOULD",
    on=ON_HTTP,
)
async def _(w: World) -> None:
    bad = {"Authorization": "Bearer agx_nobody"}
    for exchange in (
        w.rpc.post({"jsonrpc": "2.0", "id": 1, "method": "ListTasks"}, bad),
        w.rest.request("ListTasks", {}, bad),
    ):
        async with exchange as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
