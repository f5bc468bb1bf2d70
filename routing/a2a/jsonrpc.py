"""A2A over JSON-RPC 2.0 at `/a2a/{agent}/`: 1.0, and 0.3 and 0.2 by their methods' names; batches and notifications."""

import asyncio
import logging
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from routing.a2a import asking, calls, old, refusals, verbs
from routing.a2a.agent_view import AgentView
from routing.a2a.calls import Call
from routing.a2a.lane_view import json_response, with_headers
from routing.a2a.sse import event_stream, only_event
from routing.dialects import v03, v03_objects
from routing.errors import UnsupportedOperation
from routing.limits import MAX_BATCH_AT_ONCE
from routing.record import Json
from security import problems
from security.errors import PublicError
from security.principals import Principal

log = logging.getLogger(__name__)
DOOR: Final = "jsonrpc"


class JsonRpc(AgentView):
    """One view for the eleven operations."""

    # Of the call at hand, once it is known: as_view makes a view for each request.
    call_id: Any = None
    dialect: str = calls.SUPPORTED
    is_old_stream: bool = False

    async def post(
        self, request: HttpRequest, principal: Principal, agent: str
    ) -> HttpResponseBase:
        value = calls.read(request.body)
        if isinstance(value, list):
            return await self._batch(request, principal, agent, calls.batch_of(value))
        self.call_id = calls.id_of(value)
        call = calls.call_of(value)
        if call.is_notification:
            await self._notify(request, principal, agent, call)
            return HttpResponse(status=204)
        self.dialect = _dialect(request, call)
        self.is_old_stream = self.dialect == calls.OLDER and _verb(call) in verbs.STREAMS
        response = await self._respond(request, principal, agent, call)
        named = asking.extensions(request)
        return asking.with_extensions(response, named, self.profile, self.dialect)

    def refuse(self, error: PublicError) -> HttpResponse:
        body = refusals.rpc_error(error, self.call_id, self.dialect)
        status = refusals.http_status(error)
        if self.is_old_stream and status == 200:
            # Clients of 0.3 read a stream, or nothing.
            return with_headers(only_event(body), error)
        return with_headers(json_response(body, status), error)

    async def _respond(
        self, request: HttpRequest, principal: Principal, agent: str, call: Call
    ) -> HttpResponseBase:
        if _verb(call) not in verbs.STREAMS:
            result = await self._result(request, principal, agent, call, self.dialect)
            return json_response(_result(call.id, result))
        asked = asking.asked(request, DOOR, self.dialect)
        refuse = partial(refusals.rpc_error, call_id=call.id, dialect=self.dialect)
        if self.dialect == calls.OLDER:
            responses = await old.stream(
                self.operations, principal, agent, call.method, call.params, asked
            )
            return await event_stream(responses, partial(_old_event, call), refuse)
        responses = await verbs.stream(
            self.operations, principal, agent, call.method, call.params, asked
        )
        return await event_stream(responses, partial(_result, call.id), refuse)

    async def _result(
        self, request: HttpRequest, principal: Principal, agent: str, call: Call, dialect: str
    ) -> Any:
        """The result of a call that does not stream. Raises `PublicError`s."""
        if _verb(call) not in verbs.ANSWERS:
            raise calls.unknown(call.method)
        asked = asking.asked(request, DOOR, dialect)
        answer = old.answer if dialect == calls.OLDER else verbs.answer
        return await answer(self.operations, principal, agent, call.method, call.params, asked)

    async def _batch(
        self, request: HttpRequest, principal: Principal, agent: str, entries: list[Any]
    ) -> HttpResponse:
        """All at once, MAX_BATCH_AT_ONCE at a time; answered in the order they came."""
        gate = asyncio.Semaphore(MAX_BATCH_AT_ONCE)

        async def entry(value: Any) -> Json | None:
            async with gate:
                return await self._entry(request, principal, agent, value)

        answers = await asyncio.gather(*map(entry, entries))
        told = [answer for answer in answers if answer is not None]
        return json_response(told) if told else HttpResponse(status=204)

    async def _entry(
        self, request: HttpRequest, principal: Principal, agent: str, value: Any
    ) -> Json | None:
        """The answer to one entry of a batch; None to a notification."""
        call_id, dialect = calls.id_of(value), calls.SUPPORTED
        try:
            call = calls.call_of(value)
            if call.is_notification:
                await self._notify(request, principal, agent, call)
                return None
            dialect = _dialect(request, call)
            if _verb(call) in verbs.STREAMS:
                raise UnsupportedOperation(f"{call.method} streams: send it outside the batch.")
            result = await self._result(request, principal, agent, call, dialect)
            return _result(call.id, result)
        except PublicError as error:
            return refusals.rpc_error(error, call_id, dialect)
        except Exception as error:
            log.exception("a call of a batch failed")
            return refusals.rpc_error(problems.as_public(error), call_id, dialect)

    async def _notify(
        self, request: HttpRequest, principal: Principal, agent: str, call: Call
    ) -> None:
        """Done, and nothing told of it, as JSON-RPC has it: not even what was wrong.

        Nobody reads what the agent says, so nobody waits for it: the message is accepted, and that is all.
        """
        try:
            dialect = _dialect(request, call)
            verb, given = _verb(call), call.params
            if dialect == calls.OLDER and call.method in v03.METHODS:
                given = v03.request_to_1_0(call.method, given)
            if verb in ("SendMessage", "SendStreamingMessage"):
                verb, given = "SendMessage", _returning_at_once(given)
            if verb in verbs.ANSWERS:
                asked = asking.asked(request, DOOR, dialect)
                await verbs.answer(self.operations, principal, agent, verb, given, asked)
        except PublicError as error:
            log.info("a notification was refused: %s", error.message)
        except Exception:
            log.exception("a notification failed")


def _dialect(request: HttpRequest, call: Call) -> str:
    return calls.dialect_of(asking.version(request), is_old="/" in call.method, what=call.method)


def _verb(call: Call) -> str:
    """The operation of 1.0; a name that is none stays."""
    return v03.METHODS.get(call.method, call.method)


def _result(call_id: Any, result: Any) -> Json:
    return {"jsonrpc": "2.0", "id": call_id, "result": result}


def _old_event(call: Call, response: Json) -> Json:
    final = old.final_states(_verb(call))
    return _result(call.id, v03_objects.response_from_1_0(response, final))


def _returning_at_once(given: Json) -> Json:
    wishes = given.get("configuration")
    wishes = wishes if isinstance(wishes, dict) else {}
    return {**given, "configuration": {**wishes, "returnImmediately": True}}
