"""Telling webhooks: one POST each, five seconds, no redirects, to an address that was looked at first."""

import asyncio
import errno
import json
import socket
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from monitoring.addresses import address_of, is_allowed, private, refusal
from monitoring.services.outbox import Notice

TIMEOUT_SECONDS: Final = 5
MAX_ERROR: Final = 300


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


async def tell_all(notices: list[Notice]) -> list[tuple[Notice, str | None]]:
    """POST each as JSON. Gives each with its error, None when it arrived (any 2xx)."""
    connector = aiohttp.TCPConnector(resolver=LookedAt(), use_dns_cache=False)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        errors = await asyncio.gather(*(_tell(session, notice) for notice in notices))
    return list(zip(notices, errors, strict=True))


async def _tell(session: aiohttp.ClientSession, notice: Notice) -> str | None:
    if why := refusal(notice.url):
        return why
    headers = {"User-Agent": f"AgentX/{settings.VERSION}", "Content-Type": "application/json"}
    try:
        async with session.post(
            notice.url, data=json.dumps(notice.body), headers=headers, allow_redirects=False
        ) as answer:
            return None if answer.ok and answer.status < 300 else f"answered {answer.status}"
    except TimeoutError:
        return f"no answer within {TIMEOUT_SECONDS} s"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return str(error)[:MAX_ERROR] or type(error).__name__
