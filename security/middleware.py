"""What holds for every request that Django serves."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from security import context


API: Final = "/api/v1/"
OWN_SLASH: Final = frozenset({API, f"{API}schema/", f"{API}docs/"})


class RequestContextMiddleware:
    """Every response carries the id under which the log tells its story."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = context.begin(request.headers.get(context.HEADER))
        response = self.get_response(request)
        response[context.HEADER] = chosen
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
