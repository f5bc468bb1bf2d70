"""A DRF view that the lean lane can call: async from end to end, its caller known, every refusal shown.

What DRF's own dispatch does beside this (content negotiation, thread hops for its sync hooks) costs more than the rest
of a request; the class stays an `APIView` so that schema, as_view and tests treat it like any other.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from routing.errors import ContentTypeNotSupported
from security import problems
from security.authentication import lane_caller
from security.errors import PublicError
from security.principals import Principal

log = logging.getLogger(__name__)
JSON: Final = "application/json"
METHODS: Final = ("get", "post", "delete")
BODY: Final = "agentx.body"  # in the scope: reads the body, of at most so many bytes


class Disconnected(Exception):  # noqa: N818 - a fact
    """The caller left before its body was complete."""


class MethodNotAllowed(PublicError):  # noqa: N818 - a fact, as in errors.py
    code, http_status, rpc_code = "method_not_allowed", 405, -32600
    grpc_status, reason = "UNIMPLEMENTED", "METHOD_NOT_ALLOWED"


class LaneView(APIView):
    """Handlers: `async def post(self, request, principal, **path) -> HttpResponseBase`.

    The caller is known and let in before its body is read: what a stranger sends is kept nowhere.
    """

    media_types: tuple[str, ...] = (JSON,)
    # Whether an agent may come here in its caller's name: A2A's doors, and no others.
    takes_turns: ClassVar[bool] = False

    @classmethod
    def for_lane(cls, **initkwargs: Any) -> Callable[..., Awaitable[HttpResponseBase]]:
        """`as_view`, typed as the coroutine function that it is here."""
        return cast("Callable[..., Awaitable[HttpResponseBase]]", cls.as_view(**initkwargs))

    async def dispatch(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, refusal: PublicError | None = None, **kwargs: Any
    ) -> HttpResponseBase:
        """`refusal`: what the lane already found wrong, for this door to show in its way."""
        try:
            if refusal is not None:
                raise refusal
            handler = self.handler_for(request, **kwargs)
            principal = await lane_caller(request, takes_turns=self.takes_turns)
            self.admit(principal, request, **kwargs)
            if request.method == "POST":
                self.require_media_type(request)
                await self._read(request, self.body_limit(principal))
            return await handler(request, principal, **kwargs)
        except Disconnected:
            raise
        except PublicError as error:
            return self.refuse(error)
        except Exception as error:
            log.exception("request failed")
            return self.refuse(problems.as_public(error))

    def refuse(self, error: PublicError) -> HttpResponse:
        """Problem details; doors of another protocol show them otherwise."""
        response = json_response(problems.body(error), error.http_status, problems.MEDIA_TYPE)
        return with_headers(response, error)

    def admit(self, principal: Principal, request: HttpRequest, **path: Any) -> None:
        """Raise what can be refused before the body is read."""

    def body_limit(self, principal: Principal) -> int:
        """Bytes."""
        limit: int = settings.MAX_BODY_BYTES
        return limit

    def handler_for(
        self, request: HttpRequest, **path: Any
    ) -> Callable[..., Awaitable[HttpResponseBase]]:
        name = (request.method or "").lower().replace("head", "get")
        handler: Callable[..., Awaitable[HttpResponseBase]] | None = getattr(self, name, None)
        if name not in METHODS or handler is None:
            allowed = ", ".join(each.upper() for each in METHODS if hasattr(self, each))
            raise MethodNotAllowed(f"This address takes {allowed}.", allow=allowed)
        return handler

    def require_media_type(self, request: HttpRequest) -> None:
        if request.content_type not in self.media_types:
            expected = " or ".join(self.media_types)
            raise ContentTypeNotSupported(
                f"The body must be {expected}, not {request.content_type or 'without a type'}."
            )

    async def _read(self, request: Any, limit: int) -> None:
        """What Django would read from a file that the lane does not make."""
        request._body = await request.scope[BODY](limit)


def json_response(value: Any, status: int = 200, media_type: str = JSON) -> HttpResponse:
    return HttpResponse(orjson.dumps(value), status=status, content_type=media_type)


def with_headers(response: HttpResponse, error: PublicError) -> HttpResponse:
    """With what HTTP wants beside some refusals."""
    for name, value in problems.headers_of(error).items():
        response[name] = value
    return response
