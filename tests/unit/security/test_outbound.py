"""What is said of a connection that could not be made."""

import socket

import aiohttp
import pytest

from security.outbound import connector, plain

pytestmark = pytest.mark.asyncio


async def test_nobody_listening_is_told_as_the_system_says_it(settings) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with aiohttp.ClientSession(connector=connector()) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{port}/")
    assert plain(caught.value) == "Connection refused"


async def test_a_refused_address_keeps_our_own_words() -> None:
    async with aiohttp.ClientSession(connector=connector()) as session:
        with pytest.raises(aiohttp.ClientError) as caught:
            await session.get("http://localhost:1/")
    assert "localhost" in plain(caught.value)
    assert "Cannot connect" not in plain(caught.value)


async def test_an_error_without_words_is_named() -> None:
    assert plain(aiohttp.ServerDisconnectedError("")) == "ServerDisconnectedError"
    assert len(plain(ValueError("x" * 1000))) == 300
