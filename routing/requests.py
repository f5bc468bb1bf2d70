"""What a door asks of the core, once it has read and checked it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from routing.limits import PAGE_SIZE
from routing.record import Json


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
