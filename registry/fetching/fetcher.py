"""Reading the cards of agents elsewhere, and the keys that signed them: vetted addresses, no redirects, limits on all of it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from registry import signing
from registry.cards import digest
from registry.errors import CardUnreachable
from registry.fetching.places import is_of_origin, places
from registry.interfaces import interfaces_of
from security import addresses, outbound

Json = dict[str, Any]
Headers = Mapping[str, str]
FETCH_SECONDS: Final = 10.0  # of one address, with everything
CONNECT_SECONDS: Final = 5.0
MAX_CARD_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_KEY_SETS: Final = 4  # that are fetched for one card


@dataclass(frozen=True, slots=True)
class Read:
    """What an address answered. `document` is None when it has not changed since `etag`."""

    url: str
    document: Json | None
    etag: str = ""


class Fetcher:
    """`async with Fetcher() as fetcher:`; one pool for as many addresses as are asked."""

    async def __aenter__(self) -> "Fetcher":
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS, sock_connect=CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=outbound.connector(),
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"AgentX/{settings.VERSION}", "Accept": "application/json"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def card(self, url: str, headers: Headers, etag: str = "") -> Read:
        """The card at exactly this address. Raises `CardUnreachable` with what is wrong."""
        asked = {**headers, **({"If-None-Match": etag} if etag else {})}
        async with self._asked("GET", url, asked) as answer:
            if answer.status == 304 and etag:
                return Read(url, None, etag)
            if answer.status != 200:
                raise _unwanted(url, answer.status)
            card = await _object(url, answer)
            if not isinstance(card.get("name"), str) or not (
                isinstance(card.get("skills"), list) or interfaces_of(card)
            ):
                raise CardUnreachable(_("%(url)s is no agent card.") % {"url": url})
            return Read(url, card, answer.headers.get("ETag", "")[:200])

    async def find(self, url: str, headers: Headers, *, endpoint: bool = False) -> Read:
        """The card at this address or under it. For an agent's endpoint: the card, there or at its host, that names it.

        Raises `CardUnreachable` with what was wrong at the likeliest place.
        """
        refused: CardUnreachable | None = None
        for place in places(url, endpoint=endpoint):
            try:
                found = await self.card(place, headers)
            except CardUnreachable as error:
                refused = refused or error
                continue
            if not endpoint or _names(found.document, url):
                return found
        raise refused or CardUnreachable(_("No card names %(url)s.") % {"url": url})

    async def verdict(self, read: Read, trusted: Json | None) -> signing.Verdict:
        """Who signed the card that was read: by the operator's keys, else those its own origin publishes."""
        card = read.document or {}
        believed = [each for each in signing.key_sets(card) if is_of_origin(each, read.url)]
        published: dict[str, Json] = {}
        for url in believed[:MAX_KEY_SETS]:
            try:
                async with self._asked("GET", url, {}) as answer:
                    if answer.status == 200:
                        published[url] = await _object(url, answer)
            except CardUnreachable:
                continue  # then its keys are unknown, and the verdict says so
        keys: Iterable[Json] = (trusted or {}).get("keys", ())
        return signing.verify(card, trusted=keys, published=published, believed=believed)

    async def reach(self, url: str, headers: Headers) -> None:
        """Raise `CardUnreachable` unless something that is no failing server answers there, whatever it says."""
        async with self._asked("GET", url, headers) as answer:
            if answer.status >= 500:
                raise _unwanted(url, answer.status)

    async def expect_success(self, url: str) -> None:
        """Raise `CardUnreachable` unless it answers 2xx: an address that an agent declares for its health."""
        async with self._asked("GET", url, {}) as answer:
            if not 200 <= answer.status < 300:
                raise _unwanted(url, answer.status)

    @asynccontextmanager
    async def _asked(
        self, method: str, url: str, headers: Headers
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if why := addresses.refusal(url):
            raise CardUnreachable(f"{url}: {why}", fields={"card_url": why})
        try:
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False
            ) as answer:
                if 300 <= answer.status < 400 and answer.status != 304:
                    told = _("%(url)s redirects, which AgentX does not follow.") % {"url": url}
                    raise CardUnreachable(told)
                yield answer
        except TimeoutError:
            told = _("%(url)s does not answer in time.") % {"url": url}
            raise CardUnreachable(told) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CardUnreachable(f"{url}: {outbound.plain(error)}") from None


async def reach_port(address: str) -> None:
    """Raise `CardUnreachable` unless a vetted address of `host:port` takes a connection: what gRPC tells in advance."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    try:
        host, port = parts.hostname or "", parts.port or 443
        if why := addresses.refusal(f"https://{parts.netloc}/"):
            raise CardUnreachable(f"{address}: {why}")
        async with asyncio.timeout(CONNECT_SECONDS):
            place = (await outbound.LookedAt().resolve(host, port))[0]
            _reader, writer = await asyncio.open_connection(place["host"], port)
    except (OSError, ValueError, IndexError) as error:
        raise CardUnreachable(f"{address}: {outbound.plain(error)}") from None
    writer.close()


def _names(card: Json | None, endpoint: str) -> bool:
    return any(each.url.rstrip("/") == endpoint.rstrip("/") for each in interfaces_of(card or {}))


async def _object(url: str, answer: aiohttp.ClientResponse) -> Json:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_CARD_BYTES:
            told = _("%(url)s is larger than %(most)d bytes.")
            raise CardUnreachable(told % {"url": url, "most": MAX_CARD_BYTES})
    try:
        document = orjson.loads(body)
        if not isinstance(document, dict) or _depth(document) > MAX_DEPTH:
            raise ValueError
        digest(document)  # what RFC 8785 cannot write, nobody could sign or compare
    except (ValueError, RecursionError):
        raise CardUnreachable(
            _("%(url)s is no JSON object of a card's kind.") % {"url": url}
        ) from None
    return document


def _depth(value: Any) -> int:
    level, deepest = [value], 0
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [
            part for each in inner for part in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest


def _unwanted(url: str, status: int) -> CardUnreachable:
    told = _("%(url)s answers %(status)d.") % {"url": url, "status": status}
    if status in (401, 403):
        told += " " + _("Give the credentials that it wants.")
    return CardUnreachable(told)
