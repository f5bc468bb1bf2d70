"""An upstream that speaks HTTP+JSON, A2A 1.0 or 0.3."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final
from urllib.parse import quote

from plugins_app.client.errors import BadAnswer, Undelivered
from registry.interfaces import Interface
from routing.dialects import v03_proto
from routing.limits import UPSTREAM_SECONDS
from routing.record import Json
from routing.remote.dialect import converted, object_of
from routing.remote.http import Answer, Http
from routing.remote.upstream import Headers, Refused

# google.rpc.ErrorInfo's reasons that mean something here.
REASONS: Final = {
    "TASK_NOT_FOUND": "task_not_found",
    "TASK_NOT_CANCELABLE": "task_not_cancelable",
    "UNSUPPORTED_OPERATION": "unsupported_operation",
    "METHOD_NOT_FOUND": "unsupported_operation",
    "VERSION_NOT_SUPPORTED": "version_not_supported",
}
STATUSES: Final = {
    404: "task_not_found",
    405: "unsupported_operation",
    501: "unsupported_operation",
}


class RestUpstream:
    """See `Upstream`."""

    def __init__(self, interface: Interface, http: Http) -> None:
        self._interface = interface
        self._http = http
        self._is_old = interface.version == "0.3"
        base = interface.url.rstrip("/")
        if self._is_old:
            self._base = base if base.endswith("/v1") else base + "/v1"
        else:
            self._base = base + (f"/{quote(interface.tenant, safe='')}" if interface.tenant else "")

    async def send(self, request: Json, headers: Headers, *, timeout: float) -> Json:
        body = self._request("SendMessage", request)
        told = await self._ask("POST", "/message:send", headers, body, timeout)
        return self._response(told)

    def stream(self, request: Json, headers: Headers) -> AsyncGenerator[Json, None]:
        body = self._request("SendStreamingMessage", request)
        return self._events("POST", "/message:stream", headers, body)

    async def get(self, task_id: str, headers: Headers) -> Json:
        return self._task(await self._ask("GET", _task_path(task_id), headers))

    async def cancel(self, task_id: str, headers: Headers) -> Json:
        return self._task(await self._ask("POST", _task_path(task_id) + ":cancel", headers, {}))

    def subscribe(self, task_id: str, headers: Headers) -> AsyncGenerator[Json, None]:
        """GET, as the protobuf has it; servers that follow the text of the specification take it too."""
        return self._events("GET", _task_path(task_id) + ":subscribe", headers, None)

    async def close(self) -> None:
        await self._http.close()

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: Json | None = None,
        timeout: float = UPSTREAM_SECONDS,
    ) -> Json:
        sent = self._headers(headers)
        answer = await self._http.ask(method, self._base + path, sent, body, timeout=timeout)
        return _told(answer)

    async def _events(
        self, method: str, path: str, headers: Headers, body: Json | None
    ) -> AsyncGenerator[Json, None]:
        url, sent = self._base + path, self._headers(headers)
        async with aclosing(self._http.events(method, url, sent, body)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    yield self._response(_told(event))
                    continue
                name, told = event
                if name == "error" or (isinstance(told, dict) and "error" in told):
                    raise refusal(told, 0)
                yield self._response(object_of(told))

    def _request(self, verb: str, request: Json) -> Json:
        return v03_proto.request_from_1_0(verb, request) if self._is_old else request

    def _response(self, told: Json) -> Json:
        return converted(v03_proto.response_to_1_0, told) if self._is_old else told

    def _task(self, told: Json) -> Json:
        return converted(v03_proto.result_to_1_0, "GetTask", told) if self._is_old else told

    def _headers(self, headers: Headers) -> Headers:
        media = "application/json" if self._is_old else "application/a2a+json"
        return {**headers, "A2A-Version": self._interface.version, "Content-Type": media}


def _task_path(task_id: str) -> str:
    return f"/tasks/{quote(task_id, safe='')}"


def _told(answer: Answer) -> Json:
    if answer.status == 200:
        return object_of(answer.json())
    try:
        told = answer.json()
    except BadAnswer:
        told = None
    if answer.status >= 500 and answer.status != 501:
        answer.refuse()
    if isinstance(told, dict):
        raise refusal(told, answer.status)
    answer.refuse()
    raise BadAnswer(f"it answers {answer.status}")


def refusal(told: Any, status: int) -> Exception:
    """What an error body means for the turn: 1.0's `{"error": {…, "details"}}` or 0.3's `{"message"}`."""
    error = told.get("error", told) if isinstance(told, dict) else {}
    error = error if isinstance(error, dict) else {"message": str(error)}
    text = str(error.get("message") or error.get("detail") or "no reason given")[:500]
    if error.get("status") == "UNAVAILABLE":
        return Undelivered(text)
    name = REASONS.get(_reason(error)) or STATUSES.get(status, "upstream_refused")
    return Refused(f"The agent's service refused: {text}", name)


def _reason(error: Json) -> str:
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(detail.get("reason"), str):
            return str(detail["reason"])
    return ""
