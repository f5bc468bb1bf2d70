"""HTTP that AgentX itself asks for: to addresses that were looked at first, on connections that may be kept."""

import asyncio
import errno
import socket

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


class LookedAt(AbstractResolver):
    """Looks a name up once and connects to exactly what was vetted: a name that changes in between gains nothing."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        return [_vetted(host, port, kind, place[0]) for kind, *_, place in found]

    async def close(self) -> None:
        return None


def _vetted(host: str, port: int, family: int, text: str | int) -> ResolveResult:
    address = address_of(str(text).partition("%")[0])
    if address is None or not is_allowed(host, address):
        why = private(host, address) if address else f"{host} has no usable address"
        raise PermissionError(errno.EACCES, why)
    return ResolveResult(
        hostname=host,
        host=str(text),
        port=port,
        family=family,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
