"""An upstream that speaks JSON-RPC, A2A 1.0 or 0.3."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from uuid_utils import uuid7

from plugins_app.client.errors import BadAnswer, Undelivered
from registry.interfaces import Interface
from routing.dialects import v03, v03_objects
from routing.limits import UPSTREAM_SECONDS
from routing.record import Json
from routing.remote.dialect import converted, object_of
from routing.remote.http import Answer, Http
from routing.remote.upstream import Headers, Refused

# By JSON-RPC's numbers; the rest is "upstream_refused".
CODES: Final = {
    -32001: "task_not_found",
    -32002: "task_not_cancelable",
    -32004: "unsupported_operation",
    -32601: "unsupported_operation",
    -32009: "version_not_supported",
}
AWAY: Final = -32016  # what another AgentX says with 503


class JsonRpcUpstream:
    """See `Upstream`."""

    def __init__(self, interface: Interface, http: Http) -> None:
        self._interface = interface
        self._http = http
        self._is_old = interface.version == "0.3"

    async def send(self, request: Json, headers: Headers, *, timeout: float) -> Json:
        return await self._result("SendMessage", request, headers, timeout)

    def stream(self, request: Json, headers: Headers) -> AsyncGenerator[Json, None]:
        return self._events("SendStreamingMessage", request, headers)

    async def get(self, task_id: str, headers: Headers) -> Json:
        return await self._result("GetTask", {"id": task_id}, headers)

    async def cancel(self, task_id: str, headers: Headers) -> Json:
        return await self._result("CancelTask", {"id": task_id}, headers)

    def subscribe(self, task_id: str, headers: Headers) -> AsyncGenerator[Json, None]:
        return self._events("SubscribeToTask", {"id": task_id}, headers)

    async def close(self) -> None:
        await self._http.close()

    async def _result(
        self, verb: str, params: Json, headers: Headers, timeout: float = UPSTREAM_SECONDS
    ) -> Json:
        call, sent = self._call(verb, params), self._headers(headers)
        answer = await self._http.ask("POST", self._interface.url, sent, call, timeout=timeout)
        result = object_of(_result_of(answer))
        return converted(v03.result_to_1_0, verb, result) if self._is_old else result

    async def _events(
        self, verb: str, params: Json, headers: Headers
    ) -> AsyncGenerator[Json, None]:
        call, sent = self._call(verb, params), self._headers(headers)
        async with aclosing(self._http.events("POST", self._interface.url, sent, call)) as events:
            async for event in events:
                told = _result_of(event) if isinstance(event, Answer) else _result(event[1])
                yield self._response(object_of(told))

    def _response(self, told: Json) -> Json:
        return converted(v03_objects.response_to_1_0, told) if self._is_old else told

    def _call(self, verb: str, params: Json) -> Json:
        if self._interface.tenant:
            params = {"tenant": self._interface.tenant, **params}
        if self._is_old:
            params = v03.request_from_1_0(verb, params)
        method = v03.OLD_METHODS[verb] if self._is_old else verb
        return {"jsonrpc": "2.0", "id": str(uuid7()), "method": method, "params": params}

    def _headers(self, headers: Headers) -> Headers:
        version = {"A2A-Version": self._interface.version}
        return {**headers, **version, "Content-Type": "application/json"}


def _result_of(answer: Answer) -> Any:
    """Of an answer that is no stream: an error has its JSON-RPC body, whatever its status."""
    try:
        told = answer.json()
    except BadAnswer:
        answer.refuse()
        raise
    if not (isinstance(told, dict) and ("error" in told or "result" in told)):
        answer.refuse()
    return _result(told)


def _result(told: Any) -> Any:
    told = object_of(told)
    if (error := told.get("error")) is not None:
        raise refusal(error)
    if "result" not in told:
        raise BadAnswer("it is no JSON-RPC response")
    return told["result"]


def refusal(error: Any) -> Exception:
    """What a JSON-RPC error means for the turn."""
    told = error if isinstance(error, dict) else {}
    code, text = told.get("code"), str(told.get("message") or "no reason given")[:500]
    if code == AWAY:
        return Undelivered(text)
    name = CODES.get(code, "upstream_refused") if isinstance(code, int) else "upstream_refused"
    return Refused(f"The agent's service refused: {text}", name)
