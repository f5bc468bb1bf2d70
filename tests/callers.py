"""Who asks, over HTTP, and what a refusal must look like."""

import json
from typing import Protocol

from django.http import HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from security.models import User
from tests.factories import make_key, make_user


class Api(Protocol):
    """`api("operator")` is a client with a key of that role, `api(None)` a stranger's."""

    def __call__(self, role: str | None, owner: str | None = None) -> APIClient: ...


def client_with(key: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def client_of(role: str | None, owner: str | None = None) -> APIClient:
    """A client of a role; the same role is the same person, a fresh key."""
    if role is None:
        return APIClient()
    username = owner or f"owner-of-{role}"
    person = User.objects.filter(username=username).first() or make_user(username, role)
    return client_with(make_key(person, role=role)[1])


def console(role: str) -> Client:
    """The browser of a person who has this role and is called by it."""
    person = User.objects.filter(username=role).first() or make_user(role, role)
    client = Client()
    client.force_login(person)
    return client


def problem(answer: HttpResponse, status: int) -> str:
    """The code of a refusal, which must be a whole RFC 9457 problem with a request id."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert {"type", "title", "status", "detail", "code", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["request_id"] == answer["X-Request-ID"]
    assert "Traceback" not in body["detail"]
    return str(body["code"])
