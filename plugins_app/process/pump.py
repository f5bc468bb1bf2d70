"""From what a process writes to its log: as much as it may write, in a file that never grows beyond its bound.

The pipe is open for reading in the process itself too. So nothing breaks there while no supervisor reads it: a write
waits when 1 MiB stands unread, and the next supervisor reads it.
"""

import asyncio
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from plugins_app.process.places import LOG_BYTES

CHUNK: Final = 64 * 1024
PIPE_BYTES: Final = 1 << 20
PAUSE_SECONDS: Final = 0.004  # between two chunks that are thrown away: 16 MB a second, no more
TELL_SECONDS: Final = 1.0
LAST_BYTES: Final = 4 << 20  # read of a process that has ended
Flooded = Callable[[int, int], object]


def pipe() -> tuple[int, int]:
    """Our end, and theirs, which is both."""
    ours, once = os.pipe()
    try:
        with suppress(OSError):  # beyond what one user may have; the usual 64 KiB then
            fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return ours, os.open(f"/proc/self/fd/{once}", os.O_RDWR | os.O_CLOEXEC)
    finally:
        os.close(once)


def found(pid: int) -> int | None:
    """Our end of the pipe of a process that an earlier supervisor started; None: it has none of ours."""
    path = f"/proc/{pid}/fd/2"
    with suppress(OSError):
        flags = Path(f"/proc/{pid}/fdinfo/2").read_text().split("flags:")[1].split()[0]
        if os.readlink(path).startswith("pipe:") and int(flags, 8) & os.O_RDWR:  # noqa: PTH115 - text
            ours = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            if stat.S_ISFIFO(os.fstat(ours).st_mode):
                return ours
            os.close(ours)  # it was exchanged after we looked
    return None


class Pump:
    """`on_flood` is told of dropped lines and bytes, once a second at most."""

    def __init__(self, descriptor: int, path: Path, bytes_per_second: int) -> None:
        self.on_flood: Flooded | None = None
        self._path = path
        self._allowed = max(1, bytes_per_second)
        self._left, self._as_of = float(self._allowed), time.monotonic()
        self._lines = self._bytes = 0  # dropped and not told yet
        self._is_skipping = False  # the rest of a line whose beginning was dropped
        self._is_whole = True  # what was written ends with a line's end
        self._file = self._inode = -1
        self._loop = asyncio.get_running_loop()
        self._telling: asyncio.TimerHandle | None = None
        self._pausing: asyncio.TimerHandle | None = None
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._loop.add_reader(descriptor, self._readable)

    def drain(self) -> None:
        """Take what stands in the pipe now."""
        for _ in range(LAST_BYTES // CHUNK):
            if self._descriptor < 0 or not self._read():
                return

    def close(self) -> None:
        """The process has ended: its last lines, and no more."""
        if self._descriptor < 0:
            return
        self.drain()
        self._tell()
        self.stop()

    def stop(self) -> None:
        """Read no more of it."""
        for timer in (self._telling, self._pausing):
            if timer is not None:
                timer.cancel()
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _readable(self) -> None:
        dropped = self._bytes
        if self._read() == b"":
            self._loop.remove_reader(self._descriptor)  # all its writers have ended
        elif self._bytes > dropped:
            self._loop.remove_reader(self._descriptor)
            self._pausing = self._loop.call_later(PAUSE_SECONDS, self._go_on)

    def _go_on(self) -> None:
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._readable)

    def _read(self) -> bytes | None:
        """One chunk, taken already; empty at the end, None when nothing stands there now."""
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        if data:
            self._take(data)
        return data

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        self._left = min(self._allowed, self._left + (now - self._as_of) * self._allowed)
        self._as_of = now
        data = self._after_skipped(data)
        if len(data) <= self._left:
            return self._write(data)
        end = data.rfind(b"\n", 0, int(self._left)) + 1
        self._write(data[:end])
        return self._drop(data[end:])

    def _after_skipped(self, data: bytes) -> bytes:
        if not self._is_skipping:
            return data
        end = data.find(b"\n") + 1
        self._bytes += end or len(data)
        self._is_skipping = not end
        return data[end:] if end else b""

    def _drop(self, data: bytes) -> None:
        self._is_skipping = not data.endswith(b"\n")
        self._lines += data.count(b"\n") + self._is_skipping
        self._bytes += len(data)
        if self._telling is None:
            self._telling = self._loop.call_later(TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        """One line in place of those that were dropped."""
        self._telling = None
        lines, dropped, self._lines, self._bytes = self._lines, self._bytes, 0, 0
        if not lines:
            return
        told = {
            "ts": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "warning",
            "logger": "agentx",
            "message": f"{lines} lines ({dropped} bytes) were dropped: "
            f"it writes more than {self._allowed} bytes a second.",
        }
        self._write(b"\n" * (not self._is_whole) + json.dumps(told).encode() + b"\n")
        if self.on_flood is not None:
            self.on_flood(lines, dropped)

    def _write(self, data: bytes) -> None:
        if not data:
            return
        self._left -= len(data)
        self._is_whole = data.endswith(b"\n")
        with suppress(OSError):  # a full disk: the process goes on without its log
            self._open(len(data))
            os.write(self._file, data)

    def _open(self, coming: int) -> None:
        """Two processes of one slot may write to it while one takes over: whoever finds it full renames it."""
        try:
            facts = self._path.stat()
        except FileNotFoundError:
            facts = None
        if facts is not None and facts.st_size + coming > LOG_BYTES:
            self._path.replace(self._path.with_suffix(".log.1"))
            facts = None
        if facts is None or facts.st_ino != self._inode:
            if self._file >= 0:
                os.close(self._file)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
            self._inode = os.fstat(self._file).st_ino
