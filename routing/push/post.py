"""One attempt: a POST to an address that was looked at first, without redirects, within PUSH_TIMEOUT_SECONDS."""

from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from routing.limits import PUSH_TIMEOUT_SECONDS
from routing.push.parcels import Parcel
from routing.services.outbox import Outcome
from security.addresses import refusal
from security.outbound import connector, plain

ENOUGH: Final = (
    4_096  # bytes of an answer that nobody needs: a connection that was read to its end can be kept
)


class Post:
    """One session for all webhooks; connections to them are kept for a while."""

    def __init__(self, timeout: float = PUSH_TIMEOUT_SECONDS) -> None:
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=connector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def send(self, parcel: Parcel) -> Outcome:
        """Never raises for what a webhook does. Any 2xx means that it arrived."""
        if parcel.refused:
            return Outcome(error=parcel.refused)
        try:
            return await self._sent(parcel)
        except TimeoutError:
            return Outcome(error=f"no answer within {self._timeout:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(error=plain(error))

    async def _sent(self, parcel: Parcel) -> Outcome:
        async with self._session.post(
            _address(parcel.url), data=parcel.body, headers=parcel.headers, allow_redirects=False
        ) as answer:
            await answer.content.read(ENOUGH)
            if 200 <= answer.status < 300:
                return Outcome(answer.status)
            wait = answer.headers.get("Retry-After", "")
            seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 8 else 0.0
            return Outcome(answer.status, f"answered {answer.status}", seconds)


def _address(text: str) -> URL:
    """What will be connected to, which must be what is looked at: two readers may read one URL differently."""
    url = URL(text)
    why = refusal(str(url))
    if why is None and url.host != urlsplit(str(url)).hostname:
        why = "its host cannot be told"
    if why is not None:
        raise ValueError(why)
    return url
