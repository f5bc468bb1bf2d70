"""Every response carries the id under which the log tells its story."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from security import context


class RequestContextMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = context.begin(request.headers.get(context.HEADER))
        response = self.get_response(request)
        response[context.HEADER] = chosen
        return response
