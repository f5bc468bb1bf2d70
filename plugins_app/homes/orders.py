"""What a process that attends is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from security.authority import Certificate


@dataclass(frozen=True, slots=True)
class Leave:
    """Finish your messages, within so many seconds, and end."""

    drain_seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class Order:
    """Whatever is set. `welcome`: you have your configuration and agents, messages may come."""

    welcome: bool = False
    leave: Leave | None = None
    certificate: Certificate | None = None
    root_pem: bytes = b""


Say = Callable[[Order], Awaitable[None]]
