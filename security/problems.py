"""Refusals of `/api/v1`: RFC 9457 problem details, always with a `code` and the request id."""

import logging
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from security import context
from security.errors import Forbidden, InvalidInput, NotAuthenticated, NotFound, PublicError

log = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="agentx"'}


def body(error: PublicError) -> dict[str, Any]:
    """RFC 9457 §3.1 members, then ours: code, fields, request_id."""
    problem: dict[str, Any] = {
        "type": f"urn:agentx:error:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "request_id": context.request_id.get(),
    }
    if error.fields:
        problem["fields"] = error.fields
    return problem


def response(error: PublicError) -> HttpResponse:
    """For code outside DRF."""
    return JsonResponse(
        body(error),
        status=error.http_status,
        headers=headers_of(error),
        content_type=MEDIA_TYPE,
    )


def headers_of(error: PublicError) -> dict[str, str]:
    """What HTTP wants beside some refusals."""
    headers = dict(CHALLENGE) if error.http_status == 401 else {}
    if wait := error.details.get("retry_after"):
        headers["Retry-After"] = str(wait)
    if allowed := error.details.get("allow"):
        headers["Allow"] = allowed
    return headers


def exception_handler(error: Exception, view_context: dict[str, Any]) -> Response:
    """DRF's hook: every exception becomes a problem; what nobody foresaw is logged with its traceback."""
    public = as_public(error)
    if not isinstance(error, PublicError) and public.http_status >= 500:
        log.error("request failed: %s", error, exc_info=error)
    return Response(
        body(public),
        status=public.http_status,
        headers=headers_of(public),
        content_type=MEDIA_TYPE,
    )


def as_public(error: Exception) -> PublicError:
    """The refusal this exception stands for; an unforeseen one tells nothing but that it happened."""
    match error:
        case PublicError():
            return error
        case exceptions.ValidationError():
            fields = _flat(error.detail)
            told = "; ".join(f"{k}: {v}" if k else v for k, v in fields.items())
            return InvalidInput(told, fields=fields)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotAuthenticated(str(error.detail))
        case exceptions.PermissionDenied() | PermissionDenied():
            return Forbidden(_("You may not do that."))
        case exceptions.NotFound() | Http404():
            return NotFound(_("There is nothing here."))
        case exceptions.APIException():
            return _of_drf(error)
        case DataError() | UnicodeEncodeError():
            # The last line behind every door's own checks; what exactly it was is in the log.
            log.warning("what was sent cannot be stored: %s", error)
            return InvalidInput(
                _("Something in the request cannot be stored: a length, a number or a character.")
            )
    return PublicError(
        _("Something went wrong inside AgentX. The log has it under the request id.")
    )


def _of_drf(error: exceptions.APIException) -> PublicError:
    public = PublicError(str(error.detail))
    public.http_status = error.status_code  # type: ignore[misc]
    public.code = str(error.default_code)  # type: ignore[misc]
    return public


def _flat(detail: Any, path: str = "") -> dict[str, str]:
    if isinstance(detail, dict):
        flat: dict[str, str] = {}
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            flat |= _flat(value, ".".join(part for part in (path, name) if part))
        return flat
    if isinstance(detail, list):
        if any(isinstance(item, dict) for item in detail):
            return {
                k: v
                for i, item in enumerate(detail)
                for k, v in _flat(item, f"{path}[{i}]").items()
            }
        return {path: " ".join(str(item) for item in detail)}
    return {path: str(detail)}
