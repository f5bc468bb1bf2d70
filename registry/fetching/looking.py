"""One look at an agent elsewhere, by what it declares."""

import asyncio
import time
from typing import Any, Final
from urllib.parse import urlsplit

from registry.connections import credentials_of, headers_of
from registry.errors import CardUnreachable
from registry.fetching.fetcher import Fetcher, Headers, reach_port
from registry.models import Upstream
from registry.sightings import FoundCard, Look
from security.crypto import SealBroken

Json = dict[str, Any]
LOOK_SECONDS: Final = 15.0  # for everything that one look asks
# Signatures that another reading cannot change; for the others the card is read whole, for its keys may have come.
SETTLED: Final = (Upstream.Signature.UNSIGNED, Upstream.Signature.VERIFIED)


async def find_card(
    url: str, headers: Headers, trusted: Json | None = None, *, endpoint: bool = False
) -> FoundCard:
    """The card at or under a URL, with the verdict on its signature. Raises `CardUnreachable`."""
    async with Fetcher() as fetcher:
        return await _found(fetcher, url, headers, trusted, endpoint=endpoint)


async def look_at(fetcher: Fetcher, upstream: Upstream) -> Look:
    """Never raises for what is wrong with the agent. `upstream.agent` has to be at hand."""
    start = time.monotonic()
    found, why = None, ""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            found = await _seen(fetcher, upstream)
    except TimeoutError:
        why = f"no answer within {LOOK_SECONDS:.0f} s"
    except (CardUnreachable, SealBroken) as error:
        why = str(error)
    took = round((time.monotonic() - start) * 1000)
    return Look(upstream.id, not why, why, took, found)


async def _seen(fetcher: Fetcher, upstream: Upstream) -> FoundCard | None:
    """Its card, the interface AgentX uses, and the address its metadata names as `health_url`."""
    headers = headers_of(credentials_of(upstream))
    found = None
    if upstream.card_url:
        found = await _told_anew(fetcher, upstream, headers)
    else:
        try:
            url = upstream.url
            found = await _found(fetcher, url, headers, upstream.trusted_keys, endpoint=True)
        except CardUnreachable:
            pass  # there may be none; whether the agent is there, its interface tells
    if found is None or not _is_beside(upstream):
        await _reach(fetcher, upstream, headers)
    if isinstance(declared := upstream.agent.metadata.get("health_url"), str):
        await fetcher.expect_success(declared)
    return found


async def _told_anew(fetcher: Fetcher, upstream: Upstream, headers: Headers) -> FoundCard | None:
    etag = upstream.etag if upstream.signature in SETTLED else ""
    read = await fetcher.card(upstream.card_url, headers, etag)
    if read.document is None:
        return None
    verdict = await fetcher.verdict(read, upstream.trusted_keys)
    return FoundCard(read.url, read.document, read.etag, verdict.state, verdict.why)


async def _found(
    fetcher: Fetcher, url: str, headers: Headers, trusted: Json | None, *, endpoint: bool
) -> FoundCard:
    read = await fetcher.find(url, headers, endpoint=endpoint)
    verdict = await fetcher.verdict(read, trusted)
    return FoundCard(read.url, read.document or {}, read.etag, verdict.state, verdict.why)


def _is_beside(upstream: Upstream) -> bool:
    """Whether the card's server is the interface's: then its answer said that it is there."""
    if upstream.binding == "GRPC":
        return False
    return urlsplit(upstream.card_url).netloc == urlsplit(upstream.url).netloc


async def _reach(fetcher: Fetcher, upstream: Upstream, headers: Headers) -> None:
    if upstream.binding == "GRPC":
        await reach_port(upstream.url)
    elif not upstream.card_url or not _is_beside(upstream):
        await fetcher.reach(upstream.url, headers)
