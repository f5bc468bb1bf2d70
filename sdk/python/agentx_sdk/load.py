"""How busy the process is."""

import time
from collections.abc import Callable


class Load:
    """Messages in flight: now, on average over time, and counted since the start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = self._since = clock()
        self._area = 0.0
        self.in_flight = 0
        self.finished = 0
        self.failed = 0

    def enter(self) -> None:
        """A message came."""
        self._advance()
        self.in_flight += 1

    def leave(self, *, failed: bool) -> None:
        """A message is done with."""
        self._advance()
        self.in_flight -= 1
        self.finished += 1
        self.failed += failed

    def take_average(self) -> float:
        """Messages in flight, weighted by time, since this was last asked."""
        now = self._advance()
        elapsed, self._since = now - self._since, now
        area, self._area = self._area, 0.0
        return area / elapsed if elapsed > 0 else float(self.in_flight)

    def _advance(self) -> float:
        now = self._clock()
        self._area += self.in_flight * (now - self._changed)
        self._changed = now
        return now
