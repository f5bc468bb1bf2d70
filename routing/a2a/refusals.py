"""Refusals as JSON-RPC errors: one table for all, the numbers and reasons are the errors' own."""

from typing import Any, Final

from routing.errors import A2AError
from routing.record import Json
from security import context
from security.errors import PublicError

# Refusals of the HTTP door itself keep their status; whatever the protocol says is said with 200.
HTTP_STATUSES: Final = frozenset({401, 403, 404, 405, 413, 415, 429, 503})


def http_status(error: PublicError) -> int:
    if isinstance(error, A2AError) or error.http_status not in HTTP_STATUSES:
        return 200
    return error.http_status


def rpc_error(error: PublicError, call_id: Any) -> Json:
    """The JSON-RPC response, with google.rpc details as A2A wants them."""
    told = {"code": error.rpc_code, "message": error.message, "data": details(error)}
    return {"jsonrpc": "2.0", "id": call_id, "error": told}


def details(error: PublicError) -> list[Json]:
    """google.rpc messages, as every door tells them: ErrorInfo first, then BadRequest where fields are wrong."""
    told = [_error_info(error)]
    if error.fields:
        told.append(_bad_request(error.fields))
    return told


def _error_info(error: PublicError) -> Json:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.reason,
        "domain": "a2a-protocol.org" if isinstance(error, A2AError) else "agentx",
        "metadata": {"requestId": context.request_id.get()},
    }


def _bad_request(fields: dict[str, str]) -> Json:
    violations = [{"field": name, "description": what} for name, what in fields.items()]
    return {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}
