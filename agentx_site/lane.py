"""The lean lane: the message path as an ASGI callable that awaits DRF views itself, beside Django's handler.

Django's handler hops threads for its signals and middleware, which costs more than a message (docs/adr). What it did
and is wanted here too is done here on purpose: the request's id, the body's limit, the disconnect, no traceback ever.
"""

import asyncio
import io
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.request import split_domain_port, validate_host
from django.http.response import HttpResponseBase

from routing.a2a.lane_view import BODY, Disconnected
from security import context, problems
from security.errors import InvalidInput, PublicError, TooLarge

log = logging.getLogger(__name__)
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]
View = Callable[..., Awaitable[HttpResponseBase]]

AGENT_PATH: Final = re.compile(r"/a2a/([A-Za-z0-9_-]{1,64})(?:/(.*))?", re.DOTALL)
# A body that is too large is read to its end and thrown away, up to here: its sender can then read why.
DISCARD_BYTES: Final = 64 * 1024 * 1024


# What the lane answers is data: no browser may draw it, guess its type or frame it.
HARMLESS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)


class Body:
    """The body of a request, read when a view asks for it; what nobody asked for is thrown away unread."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._is_read = False

    async def read(self, limit: int) -> bytes:
        """Raises `TooLarge` beyond `limit` bytes, `Disconnected`."""
        self._is_read = True
        return await read_body(self._scope, self._receive, limit)

    async def done(self) -> None:
        """Let who is still sending come to its end, so that it hears the answer."""
        is_announced = (_header(self._scope, b"content-length") or "0") != "0"
        is_announced = is_announced or _header(self._scope, b"transfer-encoding") is not None
        if is_announced and not self._is_read and not _header(self._scope, b"expect"):
            await _discard(self._receive)


class Lane:
    """`exact`: views by path. `agent`: views by what follows `/a2a/{agent}/`, called with `agent=`.

    `below`: the view of everything else there, called with `agent=` and `path=`, the segments percent-decoded.
    `started` is awaited before each of them: a server without lifespan (daphne) never says that it starts.
    """

    def __init__(
        self,
        *,
        exact: Mapping[str, View],
        agent: Mapping[str, View],
        below: View,
        site: App,
        started: Callable[[], Awaitable[None]],
    ) -> None:
        self._exact = exact
        self._agent = agent
        self._below = below
        self._site = site
        self._started = started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope)
        if found is None:
            await _within_limit(self._site, scope, receive, send)
            return
        view, arguments = found
        request_id = context.begin(_header(scope, b"x-request-id"))
        context.count_hops(_header(scope, b"agentx-hops"))
        context.take_trace(_header(scope, b"traceparent"))
        body = Body(scope, receive)
        try:
            await self._started()
            response = await self._respond(view, arguments, scope, body)
            await body.done()
        except Disconnected:
            return
        await _send_response(response, request_id, receive, send)

    def _find(self, scope: Scope) -> tuple[View, dict[str, Any]] | None:
        path = scope["path"]
        if view := self._exact.get(path):
            return view, {}
        match = AGENT_PATH.fullmatch(path)
        if match is None:
            return None
        agent = {"agent": match[1]}
        if view := self._agent.get(match[2] or ""):
            return view, agent
        return self._below, {**agent, "path": _segments(scope, match[2])}

    async def _respond(
        self, view: View, arguments: dict[str, Any], scope: Scope, body: Body
    ) -> HttpResponseBase:
        refusal: PublicError | None = None
        host, _port = split_domain_port(_header(scope, b"host") or "")
        if not validate_host(host, settings.ALLOWED_HOSTS):
            refusal = InvalidInput("AgentX does not go by this name: see AGENTX_ALLOWED_HOSTS.")
        known = {**scope, BODY: body.read}
        try:
            request = ASGIRequest(known, io.BytesIO())
        except (BadRequest, RequestDataTooBig, UnicodeError):
            request = ASGIRequest({**known, "headers": [], "query_string": b""}, io.BytesIO())
            refusal = InvalidInput("The request's head cannot be read.")
        return await view(request, refusal=refusal, **arguments)


def _segments(scope: Scope, below: str) -> tuple[str, ...]:
    """Of the path below the agent. A slash that was sent as %2F is part of its segment."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" not in raw:
        return tuple(below.split("/"))
    parts = raw.decode("latin-1").split("/")
    return tuple(unquote(part) for part in parts[3:])  # after "", "a2a", the agent


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body. Raises `TooLarge` beyond `limit` bytes, `Disconnected`."""
    declared = _header(scope, b"content-length")
    size = int(declared) if declared and declared.isdigit() else 0
    too_large = size > limit
    if size > DISCARD_BYTES or (too_large and _header(scope, b"expect")):
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            too_large = True
            chunks.clear()
        if not too_large:
            chunks.append(chunk)
        if not event.get("more_body") or size > DISCARD_BYTES:
            break
    if too_large:
        raise _too_large(limit)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _within_limit(site: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Django's handler puts a whole body on disk before it looks at it: what is too large never gets there."""
    limit = _limit(scope)
    size, has_begun = 0, False

    async def counted() -> Any:
        nonlocal size
        event = await receive()
        size += len(event.get("body", b""))
        if size > limit:
            raise _too_large(limit)
        return event

    async def noted(event: Any) -> None:
        nonlocal has_begun
        has_begun = True
        await send(event)

    try:
        declared = _header(scope, b"content-length") or ""
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        await site(scope, counted, noted)
    except TooLarge as error:
        if has_begun:
            return
        request_id = context.begin(_header(scope, b"x-request-id"))
        if not _header(scope, b"expect"):
            await _discard(receive)
        await _send_response(problems.response(error), request_id, receive, send)


def _limit(scope: Scope) -> int:
    names_caller = _header(scope, b"authorization") or _header(scope, b"cookie")
    is_form = (_header(scope, b"content-type") or "").startswith("multipart/form-data")
    takes_packages = scope["path"] in settings.UPLOAD_PATHS and names_caller and is_form
    limit: int = settings.MAX_UPLOAD_BYTES if takes_packages else settings.MAX_BODY_BYTES
    return limit


async def _discard(receive: Receive) -> None:
    """Read the rest away, up to a point: who is still sending does not hear the answer."""
    size = 0
    while size <= DISCARD_BYTES:
        event = await receive()
        size += len(event.get("body", b""))
        if event["type"] == "http.disconnect" or not event.get("more_body"):
            return


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes.")


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


async def _send_response(
    response: HttpResponseBase, request_id: str, receive: Receive, send: Send
) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.items()
    ]
    headers.append((b"x-request-id", request_id.encode("latin-1")))
    headers.extend(HARMLESS)
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    if isinstance(response, StreamingHttpResponse):
        await _send_stream(response, start, receive, send)
        return
    assert isinstance(response, HttpResponse)
    body = response.content
    headers.append((b"content-length", str(len(body)).encode()))
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def _send_stream(
    response: StreamingHttpResponse, start: dict[str, Any], receive: Receive, send: Send
) -> None:
    """Until it ends or its reader leaves, whichever is first."""
    telling = asyncio.create_task(_tell(response, start, send))
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (telling, leaving):
            task.cancel()
        await asyncio.gather(telling, leaving, return_exceptions=True)


async def _tell(response: StreamingHttpResponse, start: dict[str, Any], send: Send) -> None:
    stream: Any = response.streaming_content
    try:
        await send(start)
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await stream.aclose()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
