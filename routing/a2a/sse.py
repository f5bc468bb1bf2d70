"""Server-sent events: one `data:` line each, a comment now and then so that nothing between cuts the line."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

import orjson
from django.http import HttpResponse, StreamingHttpResponse

from routing.limits import FIRST_EVENT_SECONDS
from routing.record import Json
from routing.requests import Told
from security import problems
from security.errors import PublicError

log = logging.getLogger(__name__)
KEEP_ALIVE_SECONDS: Final = 15.0
KEEP_ALIVE: Final = b": keep-alive\n\n"

Wrap = Callable[[Json], Json]
WrapError = Callable[[PublicError], Json]


async def event_stream(
    responses: AsyncIterator[Told],
    wrap: Wrap,
    wrap_error: WrapError,
    first_within: float = FIRST_EVENT_SECONDS,
) -> StreamingHttpResponse:
    """A response that tells what comes. Closing it closes `responses`, and nothing else.

    What is wrong before there is a first event is raised, for an ordinary answer with its status; but who waits for a
    slow first event sees within `first_within` seconds that the stream stands.
    """
    first = asyncio.ensure_future(anext(responses))
    try:
        await asyncio.wait({first}, timeout=first_within)
    except asyncio.CancelledError:
        await _close(responses, first)
        raise
    error = first.exception() if first.done() else None
    if error is not None and not isinstance(error, StopAsyncIteration):
        await _close(responses, None)
        raise error
    return StreamingHttpResponse(
        frames(responses, wrap, wrap_error, upcoming=first),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def only_event(told: Json) -> HttpResponse:
    """A stream of one event that says all there is to say."""
    data = b"data: %b\n\n" % orjson.dumps(told)
    return HttpResponse(
        data, content_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def frames(
    responses: AsyncIterator[Told],
    wrap: Wrap,
    wrap_error: WrapError,
    keep_alive: float = KEEP_ALIVE_SECONDS,
    upcoming: asyncio.Future[Told] | None = None,
) -> AsyncGenerator[bytes, None]:
    """The bytes of the stream. An error in its middle is told as an `error` event, its last."""
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(responses))
            await asyncio.wait({upcoming}, timeout=keep_alive)
            if not upcoming.done():
                yield KEEP_ALIVE
                continue
            told, upcoming = upcoming.result(), None
            yield b"id: %d\ndata: %b\n\n" % (told.seq, orjson.dumps(wrap(told.response)))
    except StopAsyncIteration:
        return
    except PublicError as error:
        yield _last_words(wrap_error(error))
    except Exception as error:
        log.exception("a stream broke")
        yield _last_words(wrap_error(problems.as_public(error)))
    finally:
        await _close(responses, upcoming)


def _last_words(refusal: Json) -> bytes:
    return b"event: error\ndata: " + orjson.dumps(refusal) + b"\n\n"


async def _close(responses: AsyncIterator[Told], upcoming: asyncio.Future[Told] | None) -> None:
    if upcoming is not None:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
    if isinstance(responses, AsyncGenerator):
        await responses.aclose()
