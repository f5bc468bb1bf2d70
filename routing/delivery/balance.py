"""Which process gets the next message: the one with the fewest in flight; among equals, each in turn."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from plugins_app.client.target import Target


class Balance:
    """Counts what this web process has in flight; others' messages are seen by their agents' slowness only."""

    def __init__(self) -> None:
        self._in_flight: Counter[str] = Counter()
        self._turn = 0

    def choose(self, targets: Sequence[Target]) -> Target:
        """One of at least one."""
        if len(targets) == 1:
            return targets[0]
        self._turn += 1
        start = self._turn % len(targets)
        rotated = [*targets[start:], *targets[:start]]
        return min(rotated, key=lambda target: self._in_flight[target.launch_id])

    @contextmanager
    def carry(self, target: Target) -> Iterator[None]:
        """While a message is in flight to this process."""
        key = target.launch_id
        self._in_flight[key] += 1
        try:
            yield
        finally:
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]

    def is_idle(self, launch_id: str) -> bool:
        return launch_id not in self._in_flight
