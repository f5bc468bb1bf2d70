"""How the runner tells that something answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

PATIENCE: Final = 5.0  # seconds for one answer
REFUSED: Final = 0

Ready = Callable[[int], Awaitable[bool]]  # given the process id


async def status_of(host: str, port: int, path: str) -> int:
    """The HTTP status of a GET, or 0 when nothing answered."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                words = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return REFUSED
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else REFUSED


def answers(host: str, port: int, path: str) -> Ready:
    async def ready(pid: int) -> bool:
        return await status_of(host, port, path) == 200

    return ready


def listens(host: str, port: int) -> Ready:
    async def ready(pid: int) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return ready


async def runs(pid: int) -> bool:
    """For a process that serves no one: to run is all that can be seen."""
    return True
