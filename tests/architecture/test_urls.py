"""Who is let in where: every URL that Django serves refuses a stranger, or stands in a list with its reason."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from security.models import ApiKey, AuditEvent, User
from tests.factories import make_user

# Path prefix: why a stranger may.
OPEN = {
    "/login/": "somebody has to log in",
    "/logout/": "ends a session that a stranger does not have",
    "/jsi18n/": "the words of the interface",
    "/api/v1/schema/": "the same for every installation, and public with the source",
    "/api/v1/docs/": "draws the schema",
    "/metrics": "open to scrapers on this machine only (tests/flow/test_metrics_door.py)",
}
SAMPLES = {"uuid": "0190a000-0000-7000-8000-000000000000", "int": "1", "str": "x", "slug": "x"}
METHODS = ("get", "post", "put", "patch", "delete")
REFUSALS = {401, 403}
NOT_SERVED = {404, 405}


def routes(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """The route of every URL, in Django's notation."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def filled(route: str) -> str:
    """A path that matches the route."""
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES.get(m[1] or "str", "x"), route)
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "x", path)
    return path.replace("^", "").replace("$", "").replace(r"\.", ".").replace("\\Z", "")


def is_open(path: str) -> bool:
    return any(path.startswith(prefix) for prefix in OPEN)


def is_refused(answer: Any) -> bool:
    if answer.status_code in (301, 302):
        return "/login/" in answer["Location"]
    return answer.status_code in REFUSALS


@pytest.mark.django_db
def test_a_stranger_is_refused_everywhere() -> None:
    make_user("ada", "admin")
    client = Client(raise_request_exception=False)
    before = (User.objects.count(), ApiKey.objects.count(), AuditEvent.objects.count())
    let_in, served = [], 0
    for path in sorted({filled(route) for route in routes(get_resolver().url_patterns)}):
        if is_open(path):
            continue
        for method in METHODS:
            answer = getattr(client, method)(path, b"{}", content_type="application/json") \
                if method != "get" else client.get(path)  # fmt: skip
            if answer.status_code in NOT_SERVED:
                continue
            served += 1
            if not is_refused(answer):
                let_in.append(f"{method.upper()} {path}: {answer.status_code}")
    assert not let_in
    assert served > 30
    after = (User.objects.count(), ApiKey.objects.count(), AuditEvent.objects.count())
    assert after == before


def test_every_exception_still_exists() -> None:
    paths = {filled(route) for route in routes(get_resolver().url_patterns)}
    assert all(any(path.startswith(prefix) for path in paths) for prefix in OPEN)
