"""HTTP to one agent elsewhere: kept connections, vetted addresses, no redirects, limits on what comes back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import aiohttp
import orjson

from plugins_app.client.errors import BadAnswer, Broken, TurnFailed, Undelivered
from routing.limits import (
    CONNECT_SECONDS,
    MAX_UPSTREAM_BYTES,
    MAX_UPSTREAM_CONNECTIONS,
    SILENCE_SECONDS,
)
from routing.remote.events import EventReader
from routing.remote.upstream import Headers
from security import addresses, outbound

# Below the 5 s after which common servers close a connection that nobody uses: ours must be the first to let go.
KEEP_SECONDS: Final = 4.0
CHUNK: Final = 64 * 1024
PIECE: Final = 8 * 1024  # of a stream, which may hold thousands of lines
EVENTS: Final = "text/event-stream"
NO_CREDENTIAL: Final = frozenset({401, 403, 407})
TURNED_AWAY: Final = frozenset({429, 502, 503, 504})


class Http:
    """One session, made at the first call on the loop of the caller. Raises as `Upstream` says."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(
        self, method: str, url: str, headers: Headers, body: Any = None, *, timeout: float
    ) -> "Answer":
        """The whole answer."""
        limit = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS)
        async with self._call(method, url, headers, body, limit) as response:
            return Answer(response.status, await _whole(response))

    async def events(
        self, method: str, url: str, headers: Headers, body: Any = None
    ) -> AsyncGenerator["Answer | tuple[str, Any]", None]:
        """(name, JSON) of each event; one `Answer` alone when the upstream does not answer with a stream."""
        limit = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
        )
        headers = {**headers, "Accept": EVENTS}
        async with self._call(method, url, headers, body, limit) as response:
            if response.status != 200 or response.content_type != EVENTS:
                yield Answer(response.status, await _whole(response))
                return
            reader = EventReader()
            async for piece in pieces_of(response.content):
                for name, data in reader.feed(piece):
                    yield name, json_of(data)

    @asynccontextmanager
    async def _call(
        self, method: str, url: str, headers: Headers, body: Any, limit: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if why := addresses.refusal(url):
            raise Undelivered(f"its URL {why}")
        data = None if body is None else orjson.dumps(body)
        with _as_ours():
            async with self._open().request(
                method, url, data=data, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                _require_welcome(response)
                yield response

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = outbound.connector(
                limit=MAX_UPSTREAM_CONNECTIONS, keepalive_timeout=KEEP_SECONDS
            )
            # A cookie of one caller's answer must not travel with the next one's call.
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session


class Answer:
    """A status and a body."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def json(self) -> Any:
        return json_of(self.body)

    def refuse(self) -> None:
        """Raise for a status that says that the agent did not see the call, or that nothing is known."""
        if self.status in TURNED_AWAY:
            raise Undelivered(f"it answers {self.status}{_excerpt(self.body)}")
        if self.status >= 500:
            raise Broken(f"it answers {self.status}{_excerpt(self.body)}")
        if self.status >= 400:
            raise TurnFailed(
                f"The agent's service answers {self.status}{_excerpt(self.body)}.",
                "upstream_refused",
            )


def json_of(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadAnswer("it is not JSON") from None


def _require_welcome(response: aiohttp.ClientResponse) -> None:
    if 300 <= response.status < 400:
        raise TurnFailed(
            f"The agent's service answers with a redirect ({response.status}), which AgentX does not follow.",
            "upstream_redirects",
        )
    if response.status in NO_CREDENTIAL:
        raise TurnFailed(
            f"The agent's service does not take AgentX's credentials ({response.status}).",
            "upstream_unauthorized",
        )


async def pieces_of(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """As they come, and the others' turn after each: who sends without a pause gets no more than its share."""
    async for chunk in content.iter_any():
        for start in range(0, len(chunk), PIECE):
            yield chunk[start : start + PIECE]
            await asyncio.sleep(0)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > MAX_UPSTREAM_BYTES:
            raise TurnFailed(
                f"The agent's answer is larger than {MAX_UPSTREAM_BYTES} bytes.", "too_large"
            )
    return bytes(body)


@contextmanager
def _as_ours() -> Iterator[None]:
    """aiohttp's errors, by what they say about the agent having seen the call."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
        raise Undelivered(_plain(error)) from None
    except aiohttp.ConnectionTimeoutError:
        raise Undelivered(f"it does not take a connection within {CONNECT_SECONDS:.0f} s") from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise Broken(_plain(error)) from None


def _plain(error: BaseException) -> str:
    told = outbound.plain(error)
    return told.lower() if told[:1].isupper() else told


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return f": {text}" if text else ""
