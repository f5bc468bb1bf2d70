"""What befalls the processes: kill -9, SIGTERM, or SIGSTOP for a while; one at a time, any of them."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Callable
from typing import Final

import psutil

from benchmarks.soak.place import Place

PAUSE: Final = (6.0, 14.0)  # seconds between two blows
STOPPED: Final = (3.0, 25.0)  # seconds
FAR: Final = "far"
BLOWS: Final = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)
WEIGHTS: Final = (5, 3, 2)


class Chaos:
    """`blows`: what was done."""

    def __init__(self, place: Place, tell: Callable[[str], None], only: frozenset[str]) -> None:
        self._place = place
        self._tell = tell
        self._only = only
        self._stopped: list[psutil.Process] = []
        self.blows = 0

    async def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                await asyncio.sleep(random.uniform(*PAUSE))
                await self._strike()
        finally:
            for process in self._stopped:
                with contextlib.suppress(psutil.Error):
                    process.resume()

    async def _strike(self) -> None:
        found = await asyncio.to_thread(self._place.processes)
        victims = sorted(name for name in (*found, FAR) if not self._only or name in self._only)
        if not victims:
            return
        name = random.choice(victims)
        self.blows += 1
        if name == FAR:
            self._kill_far()
            return
        (blow,) = random.choices(BLOWS, WEIGHTS)
        if blow is signal.SIGTERM and name == "postgres":
            blow = signal.SIGINT  # the other one waits for its clients to leave
        self._tell(f"{blow.name} {name}")
        with contextlib.suppress(psutil.Error):
            if blow is signal.SIGSTOP:
                await self._stop(found[name])
            else:
                found[name].send_signal(blow)

    async def _stop(self, process: psutil.Process) -> None:
        serves = process.name() == "postgres"  # by its children
        whole = [process, *process.children()] if serves else [process]
        self._stopped = whole
        for each in whole:
            with contextlib.suppress(psutil.Error):
                each.suspend()
        await asyncio.sleep(random.uniform(*STOPPED))
        for each in whole:
            with contextlib.suppress(psutil.Error):
                each.resume()
        self._stopped = []

    def _kill_far(self) -> None:
        self._tell("SIGKILL the agent elsewhere")
        if self._place.far is not None:
            self._place.far.kill()
            self._place.far.wait()
        self._place.start_far()
