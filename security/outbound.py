"""HTTP that AgentX itself asks for: to addresses that were looked at first, on connections that may be kept."""

import asyncio
import errno
import os
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from security.addresses import address_of, is_allowed, private


def connector(
    *, limit: int = 100, limit_per_host: int = 0, keepalive_timeout: float = 15
) -> aiohttp.TCPConnector:
    """For a session that only reaches vetted addresses. Whoever uses it asks `addresses.refusal(url)` first, and
    follows no redirects: aiohttp does not resolve a host that is written as an address.
    """
    return aiohttp.TCPConnector(
        resolver=LookedAt(),
        use_dns_cache=False,
        limit=limit,
        limit_per_host=limit_per_host,
        keepalive_timeout=keepalive_timeout,
    )


def plain(error: BaseException) -> str:
    """What went wrong on the way to an address, without the address: whoever reads it knows that."""
    cause: Any = getattr(error, "os_error", None) or error
    told = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    if str(told).startswith("Connect call failed"):  # asyncio's words in place of the system's
        told = os.strerror(cause.errno)
    return str(told)[:300]


class LookedAt(AbstractResolver):
    """Looks a name up once and connects to exactly what was vetted: a name that changes in between gains nothing."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        texts = [(kind, str(place[0])) for kind, *_, place in found]
        usable = [each for each in texts if _why_not(host, each[1]) is None]
        if not usable:
            raise PermissionError(errno.EACCES, _why_not(host, texts[0][1]))
        return [_result(host, port, kind, text) for kind, text in usable]

    async def close(self) -> None:
        return None


def _why_not(host: str, text: str) -> str | None:
    """Why this address must not be reached under that name; None: it may."""
    address = address_of(text.partition("%")[0])
    if address is None:
        return f"{host} has no usable address"
    return None if is_allowed(host, address) else private(host, address)


def _result(host: str, port: int, family: int, text: str) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=text,
        port=port,
        family=family,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
