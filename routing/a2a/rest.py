"""A2A over HTTP+JSON below `/a2a/{agent}/`: 1.0, under `/v1` 0.3, each in its own ProtoJSON."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from routing.a2a import asking, calls, old, refusals, verbs
from routing.a2a.agent_view import AgentView
from routing.a2a.cards import CREDENTIALS, MAX_AGE_SECONDS
from routing.a2a.lane_view import JSON, MethodNotAllowed, json_response, with_headers
from routing.a2a.places import Place, place_of
from routing.a2a.sse import event_stream
from routing.dialects import v03_proto
from routing.record import Json
from security.errors import InvalidInput, NotFound, PublicError
from security.principals import Principal

DOOR: Final = "rest"
A2A_JSON: Final = "application/a2a+json"
# Its clients tell and expect files twice encoded: routing.dialects.v03_proto_objects.
PYTHON_SDK: Final = "python-httpx"
# Who may keep an answer: its caller an extended card, for a while (13.3); nobody anything else.
KEPT: Final = {
    "GetExtendedAgentCard": {
        "Cache-Control": f"private, max-age={MAX_AGE_SECONDS}",
        "Vary": f"{calls.HEADER}, {CREDENTIALS}",
    }
}
NOT_KEPT: Final = {"Cache-Control": "no-store"}
Handler = Callable[..., Awaitable[HttpResponseBase]]


class Rest(AgentView):
    """One view for all addresses. `path`: what follows the agent, in segments."""

    media_types = (A2A_JSON, JSON)
    # Of the request at hand: as_view makes a view for each.
    place: Place | None = None
    is_old: bool = False
    media_type: str = A2A_JSON

    def handler_for(self, request: HttpRequest, **path: Any) -> Handler:
        segments: Sequence[str] = path["path"]
        self.place = place_of(segments)
        self.is_old = self.place.is_old if self.place else segments[0] == "v1"
        self.media_type = JSON if self.is_old else _media_type(request)
        if self.place is None:
            raise NotFound("There is nothing at this address.")
        allowed = _methods(self.place)
        if request.method not in allowed:
            told = ", ".join(allowed)
            raise MethodNotAllowed(f"This address takes {told}.", allow=told)
        return self.serve

    def require_media_type(self, request: HttpRequest) -> None:
        """Of a body that is there: actions may come without."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length != "0" or "HTTP_TRANSFER_ENCODING" in request.META:
            super().require_media_type(request)

    async def serve(
        self, request: HttpRequest, principal: Principal, agent: str, path: Sequence[str]
    ) -> HttpResponseBase:
        assert self.place is not None
        dialect = calls.dialect_of(
            asking.version(request), is_old=self.place.is_old, what=f"/{'/'.join(path)}"
        )
        asked = asking.asked(request, DOOR, dialect)
        verb = _methods(self.place)[request.method or ""]
        given = _given(request, self.place)
        if self.is_old:
            given = v03_proto.request_to_1_0(verb, given, twice=_is_python(request))
        if verb in verbs.STREAMS:
            responses = await verbs.stream(self.operations, principal, agent, verb, given, asked)
            wrap = partial(_event, verb, self.is_old, _is_python(request))
            response: HttpResponseBase = await event_stream(responses, wrap, self._body)
        else:
            result = await verbs.answer(self.operations, principal, agent, verb, given, asked)
            response = self._told(request, verb, result)
        return asking.with_extensions(response, asked.extensions, self.profile, dialect)

    def refuse(self, error: PublicError) -> HttpResponse:
        # Google's shape in its plain type: the public test kit and the SDKs read errors so.
        response = json_response(self._body(error), error.http_status)
        return with_headers(response, error)

    def _told(self, request: HttpRequest, verb: str, result: Any) -> HttpResponse:
        if self.is_old:
            result = old.rest_result(verb, result, twice=_is_python(request))
        response = json_response({} if result is None else result, 200, self.media_type)
        for name, value in KEPT.get(verb, NOT_KEPT).items():
            response[name] = value
        return response

    def _body(self, error: PublicError) -> Json:
        return refusals.old_rest_error(error) if self.is_old else refusals.rest_error(error)


def _methods(place: Place) -> dict[str, str]:
    """HEAD is a GET whose answer is not sent; nobody opens a stream for it."""
    allowed = dict(place.verbs)
    if "GET" in allowed and allowed["GET"] not in verbs.STREAMS:
        allowed["HEAD"] = allowed["GET"]
    return allowed


def _given(request: HttpRequest, place: Place) -> Json:
    """The parameters: of the body, or of the query; what the address tells stands above both."""
    told = _body_of(request) if request.method == "POST" else _query_of(request)
    tenant = {"tenant": place.tenant} if place.tenant else {}
    return {**told, **place.ids, **tenant}


def _body_of(request: HttpRequest) -> Json:
    if not request.body:
        return {}
    value = calls.read(request.body)
    if not isinstance(value, dict):
        raise InvalidInput("The body must be a JSON object.")
    return value


def _query_of(request: HttpRequest) -> Json:
    return {name: value for name, value in request.GET.items() if name != calls.HEADER}


def _event(verb: str, is_old: bool, twice: bool, response: Json) -> Json:
    if is_old:
        return v03_proto.response_from_1_0(response, old.final_states(verb), twice=twice)
    return response


def _media_type(request: HttpRequest) -> str:
    """1.0.1's own type, unless the caller takes only the plain one."""
    accepts = request.META.get("HTTP_ACCEPT", "")
    is_plain = JSON in accepts and A2A_JSON not in accepts and "*/*" not in accepts
    return JSON if is_plain else A2A_JSON


def _is_python(request: HttpRequest) -> bool:
    return PYTHON_SDK in request.META.get("HTTP_USER_AGENT", "")
