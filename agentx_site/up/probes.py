"""How the runner tells that something answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

PATIENCE: Final = 5.0  # seconds for one answer
REFUSED: Final = 0

Ready = Callable[[int], Awaitable[bool]]  # given the process id


async def fetch(host: str, port: int, path: str, *headers: str) -> tuple[int, dict[str, Any]]:
    """The status and JSON object of a GET; (0, {}) when nothing answered."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                lines = (f"GET {path} HTTP/1.0", f"Host: {host}:{port}", *headers, "", "")
                writer.write("\r\n".join(lines).encode())
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return REFUSED, {}
    return _parsed(answer)


def _parsed(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else REFUSED
    try:
        content = json.loads(body)
    except ValueError:
        content = {}
    return status, content if isinstance(content, dict) else {}


def answers(host: str, port: int, path: str) -> Ready:
    async def ready(pid: int) -> bool:
        status, _ = await fetch(host, port, path)
        return status == 200

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
