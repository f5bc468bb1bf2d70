"""An HTTP proxy for one plugin process. It listens inside the plugin's network and dials from ours.

It speaks CONNECT (RFC 9110, 9.3.6) and, for http://, the absolute form of a request. It sees no content of TLS.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from plugins_app.egress.allowed import Allowed

log = logging.getLogger(__name__)
HEAD_BYTES: Final = 32 * 1024
HEAD_SECONDS: Final = 10.0
DIAL_SECONDS: Final = 10.0
AT_ONCE: Final = 256
LOOKUPS: Final = 4  # names that one process has looked up at once
CHUNK: Final = 64 * 1024
OPEN: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
NOT_PASSED: Final = (
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"proxy-authorization",
    b"host",
)


class RefusalError(Exception):
    """What the plugin is told instead. `is_ours`: it was us who refused."""

    def __init__(self, status: str, reason: str, *, is_ours: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.is_ours = is_ours


class Relay:
    """`refused` is told each refusal in a sentence. Make it on the event loop."""

    def __init__(
        self, door: socket.socket, allowed: Allowed, refused: Callable[[str], object]
    ) -> None:
        self._allowed = allowed
        self._refused = refused
        self._door = door
        self._talks: set[asyncio.Task[None]] = set()
        self._lookups = ThreadPoolExecutor(LOOKUPS, "egress")
        self._server: asyncio.Server | None = None
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._met, sock=self._door, limit=HEAD_BYTES)

    def close(self) -> None:
        """At once, with all that goes over it."""
        self._starting.cancel()
        self._lookups.shutdown(wait=False, cancel_futures=True)
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            await self._answered(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side went away, or we do
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._talks) > AT_ONCE:
                raise RefusalError(
                    "503 Service Unavailable", f"more than {AT_ONCE} connections at once"
                )
            head = await _head(reader)
            host, port, first = _wanted(head)
            there = await self._dialled(host, port)
        except RefusalError as refusal:
            if refusal.is_ours:
                self._refused(f"{refusal}.")
            await _say(writer, refusal)
            return
        await _carry(reader, writer, there, first)

    async def _dialled(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if why := self._allowed.why_not(host, port):
            raise RefusalError("403 Forbidden", why, is_ours=True)
        problem = f"{host} has no address"
        for address in await self._addresses(host, port):
            if why := self._allowed.why_not_address(host, address, port):
                raise RefusalError("403 Forbidden", why, is_ours=True)
            try:
                async with asyncio.timeout(DIAL_SECONDS):
                    return await asyncio.open_connection(address, port)
            except TimeoutError:
                problem = f"{host}:{port} does not answer"
            except OSError as error:
                problem = f"{host}:{port} cannot be reached: {error.strerror}"
        raise RefusalError("502 Bad Gateway", problem)

    async def _addresses(self, host: str, port: int) -> list[str]:
        """In threads of its own: names that are slow to be found must not hold up the supervisor's others."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                found = await asyncio.get_running_loop().run_in_executor(self._lookups, ask)
        except TimeoutError:
            raise RefusalError("504 Gateway Timeout", f"{host} is not found in time") from None
        except (OSError, UnicodeError) as error:
            raise RefusalError("502 Bad Gateway", f"{host} has no address: {error}") from None
        return list(dict.fromkeys(str(each[4][0]) for each in found))


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        raise RefusalError(
            "400 Bad Request", "this is a proxy for HTTP and sees no request"
        ) from None


def _wanted(head: bytes) -> tuple[str, int, bytes]:
    """Host, port, and what is sent there first (None yet of a CONNECT)."""
    line, _, rest = head.partition(b"\r\n")
    try:
        method, target, version = line.decode("ascii").split(" ")
        told = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = told.hostname or "", told.port or 80
    except ValueError:
        raise RefusalError("400 Bad Request", "the first line of the request is not one") from None
    if not host or (method != "CONNECT" and told.scheme != "http"):
        raise RefusalError("400 Bad Request", "ask for http://host/path, or CONNECT host:port")
    if method == "CONNECT":
        return host, port, b""
    path = (told.path or "/") + (f"?{told.query}" if told.query else "")
    first = f"{method} {path} {version}\r\nHost: {told.netloc.rpartition('@')[2]}\r\n"
    return host, port, first.encode() + _headers(rest)


def _headers(rest: bytes) -> bytes:
    """One request on a connection: what follows it might be meant for another host, and `Host` names the one that was
    checked (RFC 9112, 3.2.2).
    """
    lines = [line for line in rest.split(b"\r\n") if line]
    kept = [line for line in lines if line.split(b":")[0].strip().lower() not in NOT_PASSED]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    first: bytes,
) -> None:
    """Both ways until both have ended."""
    their_reader, their_writer = there
    try:
        if first:
            their_writer.write(first)
        else:
            writer.write(OPEN)
        await asyncio.gather(_copy(reader, their_writer), _copy(their_reader, writer))
    finally:
        their_writer.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(CHUNK):
        sink.write(data)
        await sink.drain()
    with suppress(OSError, RuntimeError):
        sink.write_eof()


async def _say(writer: asyncio.StreamWriter, refusal: RefusalError) -> None:
    body = f"AgentX: {refusal}.\n".encode()
    head = f"HTTP/1.1 {refusal.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    with suppress(OSError):
        await writer.drain()
