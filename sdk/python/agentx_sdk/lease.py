"""The orphan rule: a plugin outlives its supervisor by one lease, and no longer.

Kept in a thread, so that an adapter that blocks the event loop cannot keep an orphan alive.
"""

import threading
import time
from collections.abc import Callable

EXIT_ORPHAN = 4


class Lease:
    """Calls `on_end` when nobody renewed for `seconds`, and `insist` if that led to nothing."""

    def __init__(
        self,
        seconds: float,
        on_end: Callable[[], object],
        insist: Callable[[], object],
        patience: float,
    ) -> None:
        self._until = time.monotonic() + seconds
        self._on_end = on_end
        self._insist = insist
        self._patience = patience
        self._released = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="agentx-lease", daemon=True).start()

    def renew(self, seconds: float) -> None:
        """Somebody still wants this process."""
        self._until = time.monotonic() + seconds

    def release(self) -> None:
        """The process ends for another reason."""
        self._released.set()

    def _watch(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if self._released.wait(left):
                return
        self._on_end()
        if not self._released.wait(self._patience):
            self._insist()
