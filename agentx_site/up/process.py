"""A started process, its end and its output, as the event loop sees them."""

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator, Sequence
from typing import Any

LONGEST_LINE = 1 << 16


class Process:
    """Its end is seen at once, by pidfd.

    asyncio's own `wait` in Python 3.11 waits for the output to close too, which whoever the process
    left behind may hold open for ever.
    """

    def __init__(self, argv: Sequence[str], options: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        # In the main thread: the death signal follows the thread that spawned.
        self._popen = subprocess.Popen(argv, stdout=subprocess.PIPE, **options)  # noqa: S603 - our own programs
        self.pid = self._popen.pid
        self._ended: asyncio.Future[int] = loop.create_future()
        self._pidfd = os.pidfd_open(self.pid)
        loop.add_reader(self._pidfd, self._reap)

    @property
    def runs(self) -> bool:
        return not self._ended.done()

    async def wait(self) -> int:
        """The exit status, negative for a signal. May be awaited by many, and given up."""
        return await asyncio.shield(self._ended)

    async def lines(self) -> AsyncGenerator[str, None]:
        """What it prints, decoded; a line without end comes in pieces."""
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, self._popen.stdout
        )
        try:
            async for line in _split(reader):
                if text := line.decode(errors="replace").rstrip():
                    yield text
        finally:
            transport.close()

    def send_signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._ended.set_result(self._popen.wait())


async def _split(reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
    rest = b""
    while chunk := await reader.read(LONGEST_LINE):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            yield line
    yield rest


class Gate:
    """What children wait at (agentx_site.up.gate). Closed while we hold the pipe's writing end."""

    def __init__(self) -> None:
        self.descriptor, self._hold = os.pipe()

    def open(self) -> None:
        os.close(self._hold)
