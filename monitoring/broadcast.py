"""Live frames to whoever looks: from any thread or event loop, never waiting.

A frame is put into a bounded queue; one daemon thread per process, with its own event loop and Redis connection,
sends what is in it to the channel group. Frames are news, not truth: when Redis is away or the queue is full they are
lost, and the page repairs itself from a snapshot (metrics frames are numbered for that).
"""

import asyncio
import atexit
import logging
import os
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import redis
from channels.layers import get_channel_layer
from django.utils import timezone

from monitoring.frames import Kind

log = logging.getLogger(__name__)
MAX_WAITING: Final = 2_000
MAX_CHANGES_PER_FRAME: Final = 2_000
GATHERED: Final = (Kind.TASKS, Kind.PUSH)
GATHER_SECONDS: Final = 0.1
FLUSH_SECONDS: Final = 1.0


def group_of(kind: str, subject: str = "") -> str:
    """The channel group in which frames of a kind travel; logs have one group per plugin."""
    return f"live.{kind}.{subject}" if subject else f"live.{kind}"


@dataclass
class _Outbox:
    """What waits to be sent, and the thread that sends it; a forked child begins with an empty one."""

    waiting: deque[tuple[str, dict[str, Any]]] = field(
        default_factory=lambda: deque(maxlen=MAX_WAITING)
    )
    changes: dict[Kind, deque[dict[str, Any]]] = field(
        default_factory=lambda: {kind: deque(maxlen=MAX_CHANGES_PER_FRAME) for kind in GATHERED}
    )
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    idle: threading.Event = field(default_factory=threading.Event)
    starting: threading.Lock = field(default_factory=threading.Lock)
    loop: asyncio.AbstractEventLoop | None = None

    def woken(self) -> None:
        self.idle.clear()
        loop = self.loop or self._started()
        loop.call_soon_threadsafe(self.wake.set)

    def _started(self) -> asyncio.AbstractEventLoop:
        with self.starting:
            if self.loop is None:
                loop = asyncio.new_event_loop()
                threading.Thread(
                    target=lambda: loop.run_until_complete(_send_all(self)),
                    name="broadcast",
                    daemon=True,
                ).start()
                self.loop = loop
        return self.loop


_outbox = _Outbox()


def _forget() -> None:
    global _outbox
    _outbox = _Outbox()


os.register_at_fork(after_in_child=_forget)


def frame(kind: str, data: dict[str, Any], *, subject: str = "") -> None:
    """Show `data` to everybody who looks at this kind (of this subject). Returns at once, never raises."""
    send({"kind": kind, "time": timezone.now().isoformat(), "data": data}, subject=subject)


def send(told: dict[str, Any], *, subject: str = "") -> None:
    """Send a frame that is already in the form of the wire."""
    _outbox.waiting.append((group_of(told["kind"], subject), told))
    _outbox.woken()


def gather(kind: Kind, changes: list[dict[str, Any]]) -> None:
    """Changes of what changes thousands of times a second: gathered for a moment, at most ten frames a second."""
    _outbox.changes[kind].extend(changes)
    _outbox.woken()


def flush(timeout: float = FLUSH_SECONDS) -> bool:
    """Wait until what was given so far has been sent (or lost); for a command that is about to end, and for tests."""
    return _outbox.loop is None or _outbox.idle.wait(timeout)


atexit.register(flush)


async def _send_all(outbox: _Outbox) -> None:
    layer: Any = get_channel_layer()
    while True:
        await outbox.wake.wait()
        outbox.wake.clear()
        while outbox.waiting:
            await _send(layer, *outbox.waiting.popleft())
        for kind in filter(outbox.changes.get, GATHERED):
            await _send(layer, group_of(kind), _gathered(kind, outbox.changes[kind]))
            await asyncio.sleep(GATHER_SECONDS)
        if not outbox.wake.is_set():
            outbox.idle.set()


def _gathered(kind: Kind, waiting: deque[dict[str, Any]]) -> dict[str, Any]:
    changes = [waiting.popleft() for _ in range(len(waiting))]
    return {"kind": kind, "time": timezone.now().isoformat(), "data": {"changes": changes}}


async def _send(layer: Any, group: str, message: dict[str, Any]) -> None:
    try:
        await layer.group_send(group, {"type": "live.frame", "frame": message})
    except (redis.RedisError, OSError, ValueError, TypeError) as error:
        log.warning("a live frame of %s was lost: %s", group, error)
