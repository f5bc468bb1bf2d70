"""Server-sent events: one `data:` line each, a comment now and then so that nothing between cuts the line."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

import orjson
from django.http import StreamingHttpResponse

from routing.record import Json
from routing.requests import Told
from security import problems
from security.errors import PublicError

log = logging.getLogger(__name__)
KEEP_ALIVE_SECONDS: Final = 15.0
KEEP_ALIVE: Final = b": keep-alive\n\n"

Wrap = Callable[[Json], Json]
WrapError = Callable[[PublicError], Json]


def event_stream(
    responses: AsyncIterator[Told], wrap: Wrap, wrap_error: WrapError
) -> StreamingHttpResponse:
    """A response that tells what comes. Closing it closes `responses`, and nothing else."""
    return StreamingHttpResponse(
        frames(responses, wrap, wrap_error),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def frames(
    responses: AsyncIterator[Told],
    wrap: Wrap,
    wrap_error: WrapError,
    keep_alive: float = KEEP_ALIVE_SECONDS,
) -> AsyncGenerator[bytes, None]:
    """The bytes of the stream. An error in its middle is told as an `error` event, its last."""
    upcoming: asyncio.Future[Told] | None = None
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
    except Exception as error:
        log.exception("a stream broke")
        refusal = wrap_error(problems.as_public(error))
        yield b"event: error\ndata: " + orjson.dumps(refusal) + b"\n\n"
    finally:
        await _close(responses, upcoming)


async def _close(responses: AsyncIterator[Told], upcoming: asyncio.Future[Told] | None) -> None:
    if upcoming is not None:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
    if isinstance(responses, AsyncGenerator):
        await responses.aclose()
