"""What went wrong in one slot lately, and whether that is enough of it."""

import random
import time

from plugins_app import crashes
from plugins_app.supervisor.hands import startup_seconds
from plugins_app.supervisor.wanted import Wanted


class Failures:
    """`times` are Unix times, newest last; they go on where the slot's last supervisor ended."""

    def __init__(self, wanted: Wanted) -> None:
        self.times = wanted.failures
        self._given_up: int | None = 0 if wanted.is_fatal else None  # at that entry of the ledger

    @property
    def is_fatal(self) -> bool:
        """Nothing is started before an operator says so."""
        return self._given_up is not None

    def hear(self, wanted: Wanted, as_of: int) -> None:
        """What the row said at entry `as_of` of the ledger: an earlier one does not know of our giving up."""
        if self._given_up is not None and as_of > self._given_up and not wanted.is_fatal:
            self._given_up = None
            self.forget()

    def give_up(self, entry: int) -> None:
        """For good, as entry `entry` of the ledger says."""
        self._given_up = entry

    def forget(self) -> None:
        """What is wanted now is something else: it begins with a clean slate."""
        self.times = ()

    def judge(self, wanted: Wanted, up_seconds: float) -> float | None:
        """One more. Seconds until the next try; None: it is enough."""
        verdict = crashes.judge(
            self.times,
            now=time.time(),
            up_seconds=up_seconds,
            startup_timeout=startup_seconds(wanted),
            chance=random.random(),  # noqa: S311 - only spreads restarts
        )
        self.times = verdict.failures
        return verdict.delay
