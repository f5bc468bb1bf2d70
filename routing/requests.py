"""What a door asks of the core, once it has read and checked it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from routing.limits import PAGE_SIZE
from routing.record import Json

# An A2A extension of AgentX: the same message sent again is the same task. Also as the header or metadata
# AgentX-Idempotent: true, or among the message's extensions.
IDEMPOTENT: Final = "urn:agentx:idempotent-send:v1"


@dataclass(frozen=True, slots=True)
class Send:
    """A message for an agent. `message` is an A2A Message, checked by `routing.a2a.params`."""

    message: Json
    door: str
    intent: str = "query"
    return_immediately: bool = False
    history_length: int | None = None
    metadata: Json | None = None
    accepted_output_modes: Sequence[str] = ()
    # A2A extensions the caller speaks, as it listed them.
    extensions: Sequence[str] = ()
    # The same message again means the same task, not a second one.
    is_idempotent: bool = False
    # A2A TaskPushNotificationConfig without taskId: where to tell what happens to the task.
    push: Json | None = None
    # In which version's shape `push` wants to be told: "1.0" or "0.3".
    dialect: str = "1.0"


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands beside a request's parameters: HTTP headers or gRPC metadata, read by the door."""

    door: str
    dialect: str = "1.0"
    extensions: frozenset[str] = frozenset()
    is_idempotent: bool = False
    # Last-Event-ID: the number of the last event that a resuming stream has had.
    after: int | None = None


class Told(NamedTuple):
    """One A2A StreamResponse, and the number of the task's event that it tells (the snapshot: its last one)."""

    seq: int
    response: Json


@dataclass(frozen=True, slots=True)
class Listing:
    """Which tasks, and how much of each. `after` is where the previous page ended."""

    context_id: str = ""
    state: str = ""
    updated_from: datetime | None = None
    after: tuple[datetime, str] | None = None
    page_size: int = PAGE_SIZE
    history_length: int | None = None
    artifacts: bool = False
