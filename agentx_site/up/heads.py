"""HTTP whose heads are bounded: uvicorn over httptools takes a request line or header of any length, from anybody."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_SECONDS: Final = 30.0  # from its first byte, or from the connection's, to its end


class HeadTooLargeError(Exception):
    """Raised inside the parser, which makes it a 400 and ends the connection."""


class BoundedHttp(HttpToolsProtocol):
    """Ends connections whose head, or whatever else the parser gathers beside a body, is too large or too slow."""

    _held = 0  # bytes of the head so far
    _is_told = False  # whether the parser has told of anything in the data at hand
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._is_told = False
        super().data_received(data)
        if self._is_told or self.transport.is_closing():
            return
        # A header's value, a trailer's, or a chunk's extension, not yet at its end: the parser keeps it.
        self._held += len(data)
        if self._held > MAX_HEAD_BYTES:
            self.send_400_response("The request's head is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_told, self._held = True, 0
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._forget_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._is_told, self._held = True, 0
        super().on_body(body)

    def _count(self, size: int) -> None:
        self._is_told = True
        self._held += size
        if self._held > MAX_HEAD_BYTES:
            raise HeadTooLargeError

    def _expect_head(self) -> None:
        self._forget_deadline()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._be_late)

    def _be_late(self) -> None:
        """Not while an answer to an earlier request is under way."""
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's types say
        if cycle is None or cycle.response_complete:
            self.transport.close()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
