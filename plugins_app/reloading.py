"""When a running process makes room for the one that is wanted now: the four reload strategies. Pure."""

from typing import Final

DEBOUNCE_SECONDS: Final = 2.0  # of quiet after the last change
IDLE_AT_LATEST_SECONDS: Final = 300.0  # a process that is never idle is not spared for ever
LOOK_SECONDS: Final = 0.5  # between two looks whether it is idle

IMMEDIATE: Final = "immediate"
DEBOUNCED: Final = "debounced"
MANUAL: Final = "manual"
ON_IDLE: Final = "on_idle"


def due(strategy: str, *, changed: float, now: float, in_flight: int, asked: bool) -> float | None:
    """In how many seconds to act, or to look again; 0: now; None: not before something is said.

    `changed` and `now` are Unix times; `asked`: an operator said that it is to happen now.
    """
    if asked or strategy == IMMEDIATE:
        return 0.0
    age = now - changed
    if strategy == DEBOUNCED:
        # A clock that was set back must not hold it up.
        return min(max(0.0, DEBOUNCE_SECONDS - age), DEBOUNCE_SECONDS)
    if strategy == ON_IDLE:
        return 0.0 if in_flight == 0 or age >= IDLE_AT_LATEST_SECONDS else LOOK_SECONDS
    return None
