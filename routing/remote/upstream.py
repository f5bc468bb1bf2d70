"""What AgentX wants of an agent elsewhere, whichever binding and version it speaks: A2A 1.0's ProtoJSON in and out."""

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from plugins_app.client.errors import TurnFailed
from routing.record import Json

# Of one call: credentials, request id, hops. A gRPC wire sends them as metadata, in lower case.
Headers = Mapping[str, str]


class Refused(TurnFailed):
    """The upstream answered with an error of the protocol. `code` is ours: "task_not_found", "unsupported_operation"."""


class Upstream(Protocol):
    """One agent, on connections that are kept: made once, used by every call, closed when the agent changes or goes.

    Every call raises `Undelivered` (not one byte was understood: it cannot be reached, or turned the call away),
    `Broken` (the connection was lost, it may have seen the call), `Refused`, `TurnFailed` (a credential that is not
    taken, an answer that is too large) or `BadAnswer` (not A2A). Cancelling the awaiting task ends the call.

    The interface's tenant is added to each request, and A2A-Version to each call, by the upstream itself.
    """

    async def send(self, request: Json, headers: Headers, *, timeout: float) -> Json:
        """SendMessageRequest in, SendMessageResponse out (`{"task"}` or `{"message"}`) within so many seconds."""
        ...

    def stream(self, request: Json, headers: Headers) -> AsyncGenerator[Json, None]:
        """SendMessageRequest in, StreamResponses out. Ends when the upstream ends it; lost in its middle: `Broken`."""
        ...

    async def get(self, task_id: str, headers: Headers) -> Json:
        """The Task, with its history."""
        ...

    async def cancel(self, task_id: str, headers: Headers) -> Json:
        """The Task after CancelTask."""
        ...

    def subscribe(self, task_id: str, headers: Headers) -> AsyncGenerator[Json, None]:
        """StreamResponses, the Task first. A task that has ended: `Refused` with "unsupported_operation"."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
