"""A process whose event loop hangs answers nobody and looks alive: it ends itself, and whoever runs it starts another.

Its tasks are taken over when their leases end, as after any other death.
"""

import asyncio
import faulthandler
import os
import threading
from typing import Final

BEAT_SECONDS: Final = 5.0
# Several beats, each a wait of its own: a machine that slept misses one and not all.
MISSED_BEATS: Final = 4
STDERR: Final = 2
EXIT_STATUS: Final = 70  # sysexits.h: an internal software error


class Watchdog(threading.Thread):
    """Watches the running loop from a thread until `end`."""

    def __init__(self, beat_seconds: float = BEAT_SECONDS) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._seconds = beat_seconds
        self._ended = threading.Event()

    def run(self) -> None:
        missed = 0
        while not self._ended.wait(self._seconds):
            missed = 0 if self._beats() else missed + 1
            if missed == MISSED_BEATS and not self._ended.is_set():
                faulthandler.dump_traceback(STDERR, all_threads=True)
                os._exit(EXIT_STATUS)

    def end(self) -> None:
        self._ended.set()

    def _beats(self) -> bool:
        beat = threading.Event()
        try:
            self._loop.call_soon_threadsafe(beat.set)
        except RuntimeError:  # closed: the process is at its end
            return True
        return beat.wait(self._seconds)
