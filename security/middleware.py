"""What holds for every request that Django serves."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from security import context, problems
from security.errors import InvalidInput

API: Final = "/api/v1/"
# Nothing from elsewhere, no inline script, in nobody's frame. Alpine, which draws the menus, evaluates expressions;
# its styles and the charts' are written into the page.
PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
OWN_SLASH: Final = frozenset({API, f"{API}schema/", f"{API}docs/"})


class RequestContextMiddleware:
    """Every response carries the id under which the log tells its story."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = context.begin(request.headers.get(context.HEADER))
        context.take_trace(request.headers.get(context.TRACE_HEADER))
        response = self.get_response(request)
        response[context.HEADER] = chosen
        return response


class HarmlessMiddleware:
    """What no address may hold is refused here once; what every answer must forbid a browser is said here once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            response = problems.response(
                InvalidInput("An address cannot hold the character U+0000.")
            )
        else:
            response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        if request.path_info.startswith(API):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class EitherSpellingMiddleware:
    """`/api/v1/agents/` is `/api/v1/agents`: a redirect would lose the body of a POST."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.startswith(API) and path.endswith("/") and path not in OWN_SLASH:
            request.path_info = path.rstrip("/")
        return self.get_response(request)
