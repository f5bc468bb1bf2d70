"""What is said between the core and a plugin process about the process itself. No gRPC."""

from dataclasses import dataclass, field
from typing import Any, Final

MAX_MEMORY: Final = 1024 * 1024  # bytes that are kept of one conversation


@dataclass(frozen=True, slots=True)
class Health:
    """How a process is. Totals count since it started; the average since the previous question."""

    serving: bool
    detail: str
    in_flight: int
    in_flight_average: float
    messages_total: int
    errors_total: int


@dataclass(frozen=True, slots=True)
class About:
    """What a process says of itself."""

    version: str
    sdk: str
    live_config: bool  # it can take new configuration while it runs
    stateful: bool  # it has something to hand to the one that takes its place


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent that a process is to host."""

    slug: str
    name: str
    description: str
    config: dict[str, Any] = field(repr=False)  # with its secrets
    revision: int = 0  # 0: as plugin.yaml has it
    trouble: str = ""  # why it cannot be made at all, known before a process is asked
    has_failed: bool = False  # in this revision, where it was tried last


@dataclass(frozen=True, slots=True)
class HeldAgent:
    """What a process made of an agent. `trouble`: why it could not make it; empty: it answers."""

    revision: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class AgentDescription:
    """What a process says of an agent it hosts. `card` is the plugin's part of its A2A card."""

    slug: str
    name: str
    description: str
    version: str
    framework: str
    capabilities: tuple[str, ...]
    card: dict[str, Any]
