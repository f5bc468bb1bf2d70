"""One HTTP request as ASGI has it: its body, its answer, and whether its client is still there."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import orjson

from agentx_site.model_stub.errors import ModelError

Scope = MutableMapping[str, Any]
MAX_BODY: Final = 32 * 1024 * 1024  # bytes: some pictures


class ClientLeft(Exception):  # noqa: N818 - reads as what happened
    """It closed its connection before the answer's end."""


class Connection:
    """Used by one task. `close` when it is answered."""

    def __init__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"].rstrip("/")
        self.query: str = scope["query_string"].decode(errors="replace")
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._receive, self._send = receive, send
        self._leaving: asyncio.Task[None] | None = None

    def header(self, name: bytes) -> str:
        """Its first value, or nothing."""
        found = (value for key, value in self._headers if key == name)
        return next(found, b"").decode(errors="replace")

    async def body(self) -> bytes:
        """Raises `ClientLeft`, and `ModelError` when it is too large."""
        pieces, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > MAX_BODY:
                raise ModelError(413, f"A request has at most {MAX_BODY} bytes.")
            more = message.get("more_body", False)
        return b"".join(pieces)

    async def answer(
        self, status: int, body: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        """The whole answer, as JSON."""
        content = orjson.dumps(body)
        told = {"content-type": "application/json", "content-length": str(len(content))}
        await self._begin(status, told | dict(headers or {}))
        await self.send(content, is_last=True)

    async def begin_stream(self) -> None:
        """Events follow."""
        await self._begin(200, {"content-type": "text/event-stream", "cache-control": "no-cache"})

    async def send(self, data: bytes, *, is_last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": not is_last})

    async def pause(self, seconds: float) -> None:
        """Wait. Raises `ClientLeft` as soon as it goes."""
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._left())
        done, _ = await asyncio.wait({self._leaving}, timeout=seconds)
        if done:
            raise ClientLeft

    def cut(self) -> None:
        """End the connection in the midst of the answer: the server does when this is raised to it."""
        raise ConnectionAbortedError("as ordered")

    def close(self) -> None:
        """Stop looking whether the client leaves."""
        if self._leaving is not None:
            self._leaving.cancel()

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": told})
