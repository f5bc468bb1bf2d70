"""Telling webhooks: one POST each, five seconds, no redirects, to an address that was looked at first."""

import asyncio
import json
from typing import Final

import aiohttp
from django.conf import settings

from monitoring.services.outbox import Notice
from security.addresses import refusal
from security.outbound import connector

TIMEOUT_SECONDS: Final = 5
MAX_ERROR: Final = 300


async def tell_all(notices: list[Notice]) -> list[tuple[Notice, str | None]]:
    """POST each as JSON. Gives each with its error, None when it arrived (any 2xx)."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector(), timeout=timeout) as session:
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
