"""The eleven operations of A2A 1.0 as every door calls them: parameters in ProtoJSON in, results in ProtoJSON out.

A door makes `given` (from a JSON-RPC call, from a path with its query and body, from a protobuf message, from an older
version's shape) and `Asked` (from headers or metadata); everything after that is the same for all.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from registry.cards import ROUTER
from routing.a2a import params
from routing.a2a.calls import OLDER
from routing.a2a.cards import extended_card
from routing.delivery.borrowed import within_tenant
from routing.delivery.operations import Operations
from routing.record import Json
from routing.requests import Asked, Told
from security.principals import Principal

EXTENDED_CARD: Final = "GetExtendedAgentCard"


async def answer(
    core: Operations, principal: Principal, agent: str, verb: str, given: Json, asked: Asked
) -> Any:
    """The result of one of ANSWERS. Raises `PublicError`s."""
    caller = await _admitted(core, principal, agent, verb, given, asked)
    return await ANSWERS[verb](core, caller, agent, given, asked)


async def stream(
    core: Operations, principal: Principal, agent: str, verb: str, given: Json, asked: Asked
) -> AsyncIterator[Told]:
    """The responses of one of STREAMS. Raises `PublicError`s before there is a stream."""
    caller = await _admitted(core, principal, agent, verb, given, asked)
    return await STREAMS[verb](core, caller, agent, given, asked)


async def _admitted(
    core: Operations, principal: Principal, agent: str, verb: str, given: Json, asked: Asked
) -> Principal:
    """The caller in the tenant it names. Naming the agent itself names no tenant."""
    # The front door has a card without any agent behind it.
    if agent != ROUTER or verb != EXTENDED_CARD:
        core.require_call(principal, agent, asked.extensions)
    tenant = params.short(given, "tenant", "")
    return await within_tenant(principal, "" if tenant == agent else tenant)


async def _send(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    send = params.send_params(given, asked)
    record = await core.send(principal, agent, send)
    return record.response(send.history_length)


async def _stream(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> AsyncIterator[Told]:
    return await core.stream(principal, agent, params.send_params(given, asked))


async def _get(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    length = params.history_length(given)
    record = await core.task(principal, agent, params.task_id(given), length)
    return record.a2a(length)


async def _list(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    listing = params.list_params(given)
    page = await core.tasks(principal, agent, listing)
    tasks = [
        record.a2a(listing.history_length, artifacts=listing.artifacts) for record in page.records
    ]
    return {
        "tasks": tasks,
        "nextPageToken": params.page_token(page.next_after),
        "pageSize": listing.page_size,
        "totalSize": page.total,
    }


async def _cancel(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    task_id, why = params.task_id(given), params.cancel_metadata(given)
    record = await core.cancel(principal, agent, task_id, why)
    return record.a2a()


async def _subscribe(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> AsyncIterator[Told]:
    return await core.subscribe(principal, agent, params.task_id(given), asked.after)


async def _create_push(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    task_id, _ = params.push_ids(given, config=False)
    config = params.push_config(given)
    return await core.pushes.create(principal, agent, task_id, config, asked.dialect)


async def _get_push(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    # 0.3 may leave the id out and means the task's first.
    ids = params.push_ids(given, config=asked.dialect != OLDER)
    return await core.pushes.get(principal, agent, *ids)


async def _list_pushes(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    configs, token = await core.pushes.list(principal, agent, *params.push_listing(given))
    return {"configs": configs, "nextPageToken": token}


async def _delete_push(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> None:
    await core.pushes.delete(principal, agent, *params.push_ids(given))


async def _extended_card(
    core: Operations, principal: Principal, agent: str, given: Json, asked: Asked
) -> Json:
    return await extended_card(principal, agent)


Answer = Callable[[Operations, Principal, str, Json, Asked], Awaitable[Any]]
Stream = Callable[[Operations, Principal, str, Json, Asked], Awaitable[AsyncIterator[Told]]]
ANSWERS: Final[dict[str, Answer]] = {
    "SendMessage": _send,
    "GetTask": _get,
    "ListTasks": _list,
    "CancelTask": _cancel,
    "CreateTaskPushNotificationConfig": _create_push,
    "GetTaskPushNotificationConfig": _get_push,
    "ListTaskPushNotificationConfigs": _list_pushes,
    "DeleteTaskPushNotificationConfig": _delete_push,
    EXTENDED_CARD: _extended_card,
}
STREAMS: Final[dict[str, Stream]] = {
    "SendStreamingMessage": _stream,
    "SubscribeToTask": _subscribe,
}
