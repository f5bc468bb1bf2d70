"""How many processes a plugin should have: the arithmetic alone, as Kubernetes' horizontal autoscaler does it.

Up at once. Down only after the cooldown, and no further than the highest number recommended in that time, so that a
short lull between two bursts ends nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TOLERANCE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What would have been chosen at a moment (Unix time), but for the cooldown."""

    time: float
    processes: int


@dataclass(frozen=True, slots=True)
class Load:
    """Messages in flight over all measured processes, and how many processes have no fresh figure."""

    in_flight: float
    unmeasured: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    minimum: int
    maximum: int
    target: float  # messages in flight per process, > 0
    cooldown: float  # seconds
    tolerance: float = TOLERANCE

    def bounded(self, processes: int) -> int:
        return max(self.minimum, min(self.maximum, processes))


@dataclass(frozen=True, slots=True)
class Decision:
    wanted: int
    reason: str
    recommended: int  # before the cooldown had its say: to be remembered as a Recommendation


def recommend(current: int, limits: Limits, load: Load) -> int:
    """The number of processes this load asks for, within the limits.

    A process without a fresh figure counts as idle when that speaks against growing, and as fully busy when it
    speaks against shrinking.
    """
    wanted = _for(load.in_flight, current, limits)
    if wanted < current and load.unmeasured:
        busy = load.in_flight + load.unmeasured * limits.target
        wanted = min(current, _for(busy, current, limits))
    return limits.bounded(wanted)


def _for(in_flight: float, current: int, limits: Limits) -> int:
    if current and abs(in_flight / (current * limits.target) - 1) <= limits.tolerance + 1e-9:
        return current
    # 4.000000001 / 2 is two processes, not three.
    return math.ceil(round(in_flight / limits.target, 6))


def decide(
    current: int,
    limits: Limits,
    load: Load,
    *,
    now: float,
    last_change: float | None = None,
    recent: Sequence[Recommendation] = (),
) -> Decision:
    """How many processes there should be from now on. Times are Unix times in seconds."""
    recommended = recommend(current, limits, load)
    bounded = limits.bounded(current)
    if bounded != current:
        wanted = max(bounded, recommended) if bounded > current else bounded
        return Decision(wanted, f"kept within {limits.minimum} to {limits.maximum}", recommended)
    if recommended > current:
        return Decision(recommended, _told(load, limits, "above"), recommended)
    if recommended < current:
        return _fewer(current, recommended, limits, load, now, last_change, recent)
    return Decision(current, "as it should be", recommended)


def _fewer(
    current: int,
    recommended: int,
    limits: Limits,
    load: Load,
    now: float,
    last_change: float | None,
    recent: Sequence[Recommendation],
) -> Decision:
    since = now - limits.cooldown
    if last_change is not None and last_change > since:
        left = math.ceil(last_change - since)
        return Decision(current, f"cooling down for {left} s more", recommended)
    highest = max(r.processes for r in _window(recent, current, limits, now))
    highest = max(highest, recommended)
    wanted = limits.bounded(min(current, highest))
    reason = _told(load, limits, "below") if wanted < current else "it was busier a moment ago"
    return Decision(wanted, reason, recommended)


def _told(load: Load, limits: Limits, relation: str) -> str:
    return f"{load.in_flight:.1f} in flight, {relation} the target of {limits.target:g} per process"


def remembered(
    recent: Sequence[Recommendation], current: int, limits: Limits, now: float, recommended: int
) -> list[Recommendation]:
    """The recommendations to keep for the next decision: those of one cooldown, newest last."""
    return [*_window(recent, current, limits, now), Recommendation(now, recommended)]


def _window(
    recent: Sequence[Recommendation], current: int, limits: Limits, now: float
) -> list[Recommendation]:
    """Those of the last cooldown. Who remembers nothing begins with what there is, and so waits one cooldown."""
    since = now - limits.cooldown
    return [r for r in recent if r.time > since] or [Recommendation(now, current)]
