"""What the message path refuses, with the codes of A2A 1.0.1 (JSON-RPC, HTTP, gRPC) and JSON-RPC 2.0.

A2AError: errors of the protocol, answered inside a JSON-RPC response with HTTP status 200
AgentNotFound, AgentPaused, AgentUnreachable: refusals of AgentX itself, with their HTTP status at every door
"""

from security.errors import PublicError, Unavailable


class A2AError(PublicError):
    """One of A2A's own errors."""

    code = "a2a_error"


class TaskNotFound(A2AError):
    """Also for a task of somebody else: hidden and missing look alike."""

    code, http_status, rpc_code = "task_not_found", 404, -32001
    grpc_status, reason = "NOT_FOUND", "TASK_NOT_FOUND"


class TaskNotCancelable(A2AError):
    code, http_status, rpc_code = "task_not_cancelable", 400, -32002
    grpc_status, reason = "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE"


class PushNotificationNotSupported(A2AError):
    code, http_status, rpc_code = "push_notification_not_supported", 400, -32003
    grpc_status, reason = "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED"


class UnsupportedOperation(A2AError):
    code, http_status, rpc_code = "unsupported_operation", 400, -32004
    grpc_status, reason = "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION"


class ContentTypeNotSupported(A2AError):
    code, http_status, rpc_code = "content_type_not_supported", 400, -32005
    grpc_status, reason = "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED"


class InvalidAgentResponse(A2AError):
    code, http_status, rpc_code = "invalid_agent_response", 500, -32006
    grpc_status, reason = "INTERNAL", "INVALID_AGENT_RESPONSE"


class ExtendedAgentCardNotConfigured(A2AError):
    code, http_status, rpc_code = "extended_agent_card_not_configured", 400, -32007
    grpc_status, reason = "FAILED_PRECONDITION", "EXTENDED_AGENT_CARD_NOT_CONFIGURED"


class ExtensionSupportRequired(A2AError):
    code, http_status, rpc_code = "extension_support_required", 400, -32008
    grpc_status, reason = "FAILED_PRECONDITION", "EXTENSION_SUPPORT_REQUIRED"


class VersionNotSupported(A2AError):
    code, http_status, rpc_code = "version_not_supported", 400, -32009
    grpc_status, reason = "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED"


class ParseError(A2AError):
    code, http_status, rpc_code = "parse_error", 400, -32700
    grpc_status, reason = "INVALID_ARGUMENT", "PARSE_ERROR"


class InvalidRequest(A2AError):
    code, http_status, rpc_code = "invalid_request", 400, -32600
    grpc_status, reason = "INVALID_ARGUMENT", "INVALID_REQUEST"


class MethodNotFound(A2AError):
    code, http_status, rpc_code = "method_not_found", 404, -32601
    grpc_status, reason = "UNIMPLEMENTED", "METHOD_NOT_FOUND"


class AgentPaused(Unavailable):
    code, reason = "agent_paused", "AGENT_PAUSED"


class AgentUnreachable(Unavailable):
    code, reason = "agent_unreachable", "AGENT_UNREACHABLE"


class TooManyHops(PublicError):
    """Agents that ask one another without end."""

    code, http_status, rpc_code = "too_many_hops", 409, -32089
    grpc_status, reason = "FAILED_PRECONDITION", "TOO_MANY_HOPS"


class StaleTask(Exception):
    """Somebody else changed the task first: another process, or the reaper. Re-read it."""


class EntryRefused(Exception):
    """The database cannot hold this entry (a NUL character, a broken constraint); its neighbours are in."""


class NoProcess(Exception):
    """No plugin process could take the message in time."""
