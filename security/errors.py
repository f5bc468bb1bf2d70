"""What may be told: one family of errors, one table of codes, shown alike at every door.

    PublicError
    ├── InvalidInput            400   ├── ContentTypeNotSupported    400
    ├── NotAuthenticated        401   ├── UnsupportedOperation       400
    ├── Forbidden               403   ├── VersionNotSupported        400
    ├── NotFound                404   ├── TaskNotFound, …            (routing.errors)
    ├── Conflict                409   ├── AgentTaken, …              (plugins_app.errors)
    ├── TooLarge                413   └── …
    ├── TooManyRequests         429
    └── Unavailable             503

`message` may be shown to anybody. What may not stays in the log, under the request id.
"""

from typing import Any, ClassVar


class PublicError(Exception):
    """A refusal that any door can show.

    `code` is snake_case and never renamed once released; `rpc_code` is JSON-RPC's number: AgentX's own are at the end
    of the range that A2A fills from its beginning (1.1 is to have -32010);
    `grpc_status` the name of grpc.StatusCode; `reason` google.rpc.ErrorInfo's reason.
    `fields`: what is wrong with each field of the input, by its name; never the value that was sent.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    rpc_code: ClassVar[int] = -32603
    grpc_status: ClassVar[str] = "INTERNAL"
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self, message: str, *, fields: dict[str, str] | None = None, **details: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}
        self.details = details


class InvalidInput(PublicError):
    code, http_status, rpc_code = "invalid_input", 400, -32602
    grpc_status, reason = "INVALID_ARGUMENT", "INVALID_INPUT"


class NotAuthenticated(PublicError):
    code, http_status, rpc_code = "not_authenticated", 401, -32090
    grpc_status, reason = "UNAUTHENTICATED", "NOT_AUTHENTICATED"


class Forbidden(PublicError):
    code, http_status, rpc_code = "forbidden", 403, -32091
    grpc_status, reason = "PERMISSION_DENIED", "FORBIDDEN"


class NotFound(PublicError):
    code, http_status, rpc_code = "not_found", 404, -32092
    grpc_status, reason = "NOT_FOUND", "NOT_FOUND"


class Conflict(PublicError):
    code, http_status, rpc_code = "conflict", 409, -32093
    grpc_status, reason = "ABORTED", "CONFLICT"


class TooLarge(PublicError):
    code, http_status, rpc_code = "too_large", 413, -32094
    grpc_status, reason = "RESOURCE_EXHAUSTED", "TOO_LARGE"


class TooManyRequests(PublicError):
    code, http_status, rpc_code = "too_many_requests", 429, -32095
    grpc_status, reason = "RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS"


class Unavailable(PublicError):
    code, http_status, rpc_code = "unavailable", 503, -32096
    grpc_status, reason = "UNAVAILABLE", "UNAVAILABLE"
