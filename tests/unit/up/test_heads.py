"""What a stranger may make the web process keep before it knows who is asking."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn

from agentx_site.up import heads
from agentx_site.up.heads import MAX_HEAD_BYTES, BoundedHttp
from tests.web import Server

pytestmark = pytest.mark.asyncio
START = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"
FULL = b"x" * (MAX_HEAD_BYTES // 4)


async def answer(scope, receive, send):
    """The size of the body."""
    size, more = 0, True
    while more:
        event = await receive()
        size += len(event.get("body", b""))
        more = event.get("more_body", False)
    told = str(size).encode()
    headers = [(b"content-length", str(len(told)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(answer, http=BoundedHttp, lifespan="off", log_config=None)
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def sent(port: int, *pieces: bytes) -> bytes:
    """What comes back until the server ends the connection, or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001)  # so that it comes by itself
        return await asyncio.wait_for(reader.read(65536), 20)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /", *[FULL] * 5],
        [START, b"X-A: ", *[FULL] * 5],
        [START, *[b"X-A: " + FULL + b"\r\n"] * 5],
        [START + (b"X-A: " + FULL + b"\r\n") * 5],
        [CHUNKED, b"1;extension=", *[FULL] * 5],
        [CHUNKED, b"1\r\nx\r\n0\r\n", *[b"X-A: " + FULL + b"\r\n"] * 5],
    ],
    ids=["address", "header", "headers", "at once", "chunk", "trailers"],
)
async def test_a_head_is_bounded(port: int, pieces: list[bytes]) -> None:
    try:
        told = await sent(port, *pieces)
    except ConnectionError:
        return  # ended while we were still sending
    assert told.startswith((b"HTTP/1.1 400", b"HTTP/1.1 200 OK\r\ncontent-length: 1")) or not told


async def test_bodies_are_not_heads(port: int) -> None:
    piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    told = await sent(port, CHUNKED, *[piece] * 20, b"0\r\n\r\n")
    assert told.endswith(str(20 * 0x4000).encode())
    length = b"Content-Length: %d\r\n\r\n" % (20 * len(FULL))
    told = await sent(port, START + length, *[FULL] * 20)
    assert told.endswith(str(20 * len(FULL)).encode())


async def test_many_requests_of_one_connection_have_a_head_each(port: int) -> None:
    one = START + b"X-A: " + FULL + b"\r\nContent-Length: 1\r\n\r\nx"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(8):
        writer.write(one)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(1) == b"1"
    writer.close()


@pytest.mark.parametrize("begun", [b"", START])
async def test_a_head_that_does_not_end(
    port: int, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.05)
    assert await sent(port, begun) == b""
