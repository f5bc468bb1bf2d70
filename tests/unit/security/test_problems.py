"""What a refusal looks like, and what it does not tell."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions

from security import context, problems
from security.errors import Conflict, InvalidInput


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (Conflict("taken"), "conflict", 409),
        (exceptions.ValidationError({"name": ["is missing"]}), "invalid_input", 400),
        (exceptions.NotAuthenticated(), "not_authenticated", 401),
        (exceptions.PermissionDenied(), "forbidden", 403),
        (PermissionDenied(), "forbidden", 403),
        (Http404(), "not_found", 404),
        (exceptions.MethodNotAllowed("PUT"), "method_not_allowed", 405),
        (exceptions.ParseError("truncated"), "parse_error", 400),
        (RuntimeError("password=hunter2"), "error", 500),
    ],
)
def test_every_exception_is_a_problem(error: Exception, code: str, status: int) -> None:
    answer = problems.exception_handler(error, {})
    assert answer.status_code == status
    assert answer.data["code"] == code
    assert answer.content_type == "application/problem+json"
    assert "hunter2" not in str(answer.data)


def test_fields_are_named_by_their_path() -> None:
    detail: dict[str, Any] = {
        "parts": [{}, {"text": ["is empty"]}],
        "non_field_errors": ["contradiction"],
    }
    public = problems.as_public(exceptions.ValidationError(detail))
    assert isinstance(public, InvalidInput)
    assert public.fields == {"parts[1].text": "is empty", "": "contradiction"}


def test_who_is_unknown_is_told_how_to_authenticate() -> None:
    answer = problems.exception_handler(exceptions.NotAuthenticated(), {})
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "offered", ["", None, "short", "x" * 65, "has spaces in it", "new\nline..."]
)
def test_a_harmful_request_id_is_replaced(offered: str | None) -> None:
    assert context.begin(offered) != offered


def test_a_harmless_request_id_is_kept() -> None:
    assert context.begin("abc-123_DEF.4") == "abc-123_DEF.4"


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"),
        ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", "0af7651916cd43dd8448eb211c80319c"),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more", ""),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
        ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_a_trace_is_gone_on_with_when_it_is_one(header: str | None, trace: str) -> None:
    context.take_trace(header)
    assert context.trace.get() == trace
