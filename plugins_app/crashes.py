"""How soon to start a process again, and when to give up. Pure."""

from dataclasses import dataclass
from typing import Final

STEADY_SECONDS: Final = 10.0  # up for so long: earlier failures are over
WINDOW_SECONDS: Final = 60.0
DELAYS: Final = (0.0, 0.5, 1.0, 2.0, 4.0)  # before the next try; one more failure is the last
JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failures` are Unix times, newest last; `delay` is None when it is enough."""

    failures: tuple[float, ...]
    delay: float | None


def judge(
    failures: tuple[float, ...],
    *,
    now: float,
    up_seconds: float,
    startup_timeout: float,
    chance: float,
) -> Verdict:
    """What follows from one more failure. `chance` (0 to 1) spreads restarts of many processes.

    The window grows by the time that tries may take, else a process that never answers would be tried for ever.
    """
    window = WINDOW_SECONDS + (len(DELAYS) + 1) * startup_timeout
    recent = () if up_seconds >= STEADY_SECONDS else failures
    recent = (*(time for time in recent if now - time <= window), now)
    if len(recent) > len(DELAYS):
        return Verdict(recent, None)
    return Verdict(recent, DELAYS[len(recent) - 1] * (1 + JITTER * (2 * chance - 1)))
