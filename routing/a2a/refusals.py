"""Refusals as each door shows them: one table for all, the numbers and reasons are the errors' own."""

from typing import Any, Final

from routing.dialects import v03
from routing.errors import A2AError
from routing.record import Json
from security import context
from security.errors import PublicError

# Refusals of the HTTP door itself keep their status; whatever the protocol says is said with 200.
HTTP_STATUSES: Final = frozenset({401, 403, 404, 405, 413, 415, 429, 503})
# What A2A's own libraries call what AgentX calls otherwise in all its APIs.
REASONS: Final = {"INVALID_INPUT": "INVALID_PARAMS", "INTERNAL": "INTERNAL_ERROR"}
DOMAIN: Final = "a2a-protocol.org"


def http_status(error: PublicError) -> int:
    """Of a JSON-RPC answer."""
    if isinstance(error, A2AError) or error.http_status not in HTTP_STATUSES:
        return 200
    return error.http_status


def details(error: PublicError) -> list[Json]:
    """google.rpc details as A2A wants them: ErrorInfo first."""
    told = [_error_info(error)]
    if error.fields:
        told.append(_bad_request(error.fields))
    return told


def rpc_error(error: PublicError, call_id: Any, dialect: str = "1.0") -> Json:
    """The JSON-RPC response."""
    code = error.rpc_code if dialect == "1.0" else v03.error_code(error.rpc_code)
    told = {"code": code, "message": error.message, "data": details(error)}
    return {"jsonrpc": "2.0", "id": call_id, "error": told}


def rest_error(error: PublicError) -> Json:
    """The body of an HTTP+JSON answer: google.rpc.Status as Google's REST APIs show it (AIP-193)."""
    told = {
        "code": error.http_status,
        "status": error.grpc_status,
        "message": error.message,
        "details": details(error),
    }
    return {"error": told}


def old_rest_error(error: PublicError) -> Json:
    """As 0.3's libraries read it: `message` (all), `type` (a2a-sdk), `code` (@a2a-js/sdk)."""
    reason = REASONS.get(error.reason, error.reason)
    return {
        "type": "".join(word.capitalize() for word in reason.split("_")) + "Error",
        "code": v03.error_code(error.rpc_code),
        "message": error.message,
        "data": details(error),
    }


def _error_info(error: PublicError) -> Json:
    is_of_a2a = isinstance(error, A2AError) or error.reason in REASONS
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": REASONS.get(error.reason, error.reason),
        "domain": DOMAIN if is_of_a2a else "agentx",
        "metadata": {"requestId": context.request_id.get()},
    }


def _bad_request(fields: dict[str, str]) -> Json:
    violations = [{"field": name, "description": what} for name, what in fields.items()]
    return {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}
