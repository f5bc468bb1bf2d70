"""A2A 1.0 over JSON-RPC at `/a2a/{agent}/`."""

from functools import partial
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from routing.a2a import calls, refusals, verbs
from routing.a2a.calls import Call
from routing.a2a.lane_view import LaneView, json_response, with_headers
from routing.a2a.sse import event_stream
from routing.delivery.operations import Operations
from routing.record import Json
from routing.requests import Asked
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
        asked = Asked(DOOR)
        if call.method in verbs.STREAMS:
            responses = await verbs.stream(
                self.operations, principal, agent, call.method, call.params, asked
            )
            refuse = partial(refusals.rpc_error, call_id=call.id)
            return event_stream(responses, partial(_result, call.id), refuse)
        if call.method not in verbs.ANSWERS:
            raise calls.unknown(call.method)
        result = await verbs.answer(
            self.operations, principal, agent, call.method, call.params, asked
        )
        return json_response(_result(call.id, result))


def _result(call_id: Any, result: Any) -> Json:
    return {"jsonrpc": "2.0", "id": call_id, "result": result}


def _version(request: HttpRequest) -> str:
    asked: str = request.META.get("HTTP_A2A_VERSION") or request.GET.get(calls.HEADER) or ""
    return asked
