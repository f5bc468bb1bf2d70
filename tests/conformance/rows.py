"""The table: what the specification asks, row by row, and how it is looked at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.world import World

Check = Callable[[World], Awaitable[None]]
EVERYWHERE: Final = ("JSONRPC", "HTTP+JSON", "GRPC")
ON_HTTP: Final = ("JSONRPC", "HTTP+JSON")


@dataclass(frozen=True)
class Row:
    """`name` as the public test kit calls it, or ours; `profile`: which card the agent shows."""

    name: str
    section: str
    level: str
    says: str
    bindings: tuple[str, ...]
    profile: str
    check: Check


ROWS: Final[list[Row]] = []


def row(
    name: str,
    section: str,
    says: str,
    *,
    level: str = "MUST",
    on: tuple[str, ...] = EVERYWHERE,
    profile: str = "full",
) -> Callable[[Check], Check]:
    """Put a check into the table."""

    def enter(check: Check) -> Check:
        assert all(name != each.name for each in ROWS), name
        ROWS.append(Row(name, section, level, says, on, profile, check))
        return check

    return enter


def cases() -> list[Any]:
    """Each row on each of its bindings; profile by profile, since a change of it restarts the agent.

    The profile "killed" is "full" again, for what nothing may come after.
    """
    order = ["full", "minimal", "required-extension", "killed"]
    ordered = sorted(ROWS, key=lambda each: order.index(each.profile))
    return [(each, binding) for each in ordered for binding in each.bindings]
