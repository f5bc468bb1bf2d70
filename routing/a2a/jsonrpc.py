"""A2A 1.0 over JSON-RPC at `/a2a/{agent}/`."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from routing.a2a import calls, params, refusals
from routing.a2a.calls import Call
from routing.a2a.lane_view import LaneView, json_response, with_headers
from routing.a2a.sse import event_stream
from routing.delivery.operations import Operations
from routing.errors import PushNotificationNotSupported, UnsupportedOperation
from routing.record import Json
from security.errors import PublicError
from security.principals import Principal

DOOR: Final = "jsonrpc"


class JsonRpc(LaneView):
    """One view for the eleven operations."""

    operations: ClassVar[Operations] = None  # type: ignore[assignment] # given to as_view
    # Of the call at hand, once it is known: as_view makes a view for each request.
    call_id: Any = None

    async def post(
        self, request: HttpRequest, principal: Principal, agent: str
    ) -> HttpResponseBase:
        self.operations.require_call(principal, agent)
        value = calls.read(request.body)
        self.call_id = calls.id_of(value)
        call = calls.call_of(value)
        calls.require_version(_version(request), call.method)
        return await self._answer(principal, agent, call)

    def refuse(self, error: PublicError) -> HttpResponse:
        body = refusals.rpc_error(error, self.call_id)
        return with_headers(json_response(body, refusals.http_status(error)), error)

    async def _answer(self, principal: Principal, agent: str, call: Call) -> HttpResponseBase:
        if streamed := STREAMS.get(call.method):
            responses = await streamed(self.operations, principal, agent, call.params)
            refuse = partial(refusals.rpc_error, call_id=call.id)
            return event_stream(responses, partial(_result, call.id), refuse)
        answer = ANSWERS.get(call.method)
        if answer is None:
            raise calls.unknown(call.method)
        result = await answer(self.operations, principal, agent, call.params)
        return json_response(_result(call.id, result))


def _result(call_id: Any, result: Any) -> Json:
    return {"jsonrpc": "2.0", "id": call_id, "result": result}


def _version(request: HttpRequest) -> str:
    asked: str = request.META.get("HTTP_A2A_VERSION") or request.GET.get(calls.HEADER) or ""
    return asked


async def _send(core: Operations, principal: Principal, agent: str, given: Json) -> Json:
    send = params.send_params(given, DOOR)
    record = await core.send(principal, agent, send)
    return {"task": record.a2a(send.history_length)}


async def _stream(core: Operations, principal: Principal, agent: str, given: Json) -> Any:
    return await core.stream(principal, agent, params.send_params(given, DOOR))


async def _get(core: Operations, principal: Principal, agent: str, given: Json) -> Json:
    length = params.history_length(given)
    record = await core.task(principal, agent, params.task_id(given), length)
    return record.a2a(length)


async def _list(core: Operations, principal: Principal, agent: str, given: Json) -> Json:
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


async def _cancel(core: Operations, principal: Principal, agent: str, given: Json) -> Json:
    record = await core.cancel(principal, agent, params.task_id(given))
    return record.a2a()


async def _subscribe(core: Operations, principal: Principal, agent: str, given: Json) -> Any:
    return await core.subscribe(principal, agent, params.task_id(given))


async def _no_push(core: Operations, principal: Principal, agent: str, given: Json) -> Json:
    raise PushNotificationNotSupported("AgentX sends no push notifications yet.")


async def _no_extended_card(
    core: Operations, principal: Principal, agent: str, given: Json
) -> Json:
    raise UnsupportedOperation("This agent has no extended card.")


Answer = Callable[[Operations, Principal, str, Json], Awaitable[Any]]
ANSWERS: Final[dict[str, Answer]] = {
    "SendMessage": _send,
    "GetTask": _get,
    "ListTasks": _list,
    "CancelTask": _cancel,
    "CreateTaskPushNotificationConfig": _no_push,
    "GetTaskPushNotificationConfig": _no_push,
    "ListTaskPushNotificationConfigs": _no_push,
    "DeleteTaskPushNotificationConfig": _no_push,
    "GetExtendedAgentCard": _no_extended_card,
}
STREAMS: Final[dict[str, Answer]] = {
    "SendStreamingMessage": _stream,
    "SubscribeToTask": _subscribe,
}
