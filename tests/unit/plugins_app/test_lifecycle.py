"""Calls to a process that does not answer end with a sentence, never with somebody else's cancellation."""

import asyncio
import socket

import pytest

from plugins_app.client.channels import Channels, token_of
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed


@pytest.fixture
def mute(tmp_path):
    """A socket that takes connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        yield Target("i", f"unix:{tmp_path}/s", "l")


@pytest.mark.asyncio
async def test_too_slow(mute):
    channels = Channels()
    with pytest.raises(CallFailed, match="did not answer HealthCheck in time"):
        await Lifecycle(channels).health(mute, lease_seconds=1, timeout=0.1)
    await channels.close()


@pytest.mark.asyncio
async def test_nobody_there(tmp_path):
    channels = Channels()
    nobody = Target("i", f"unix:{tmp_path}/none", "l")
    with pytest.raises(CallFailed, match="UNAVAILABLE"):
        await Lifecycle(channels).health(nobody, lease_seconds=1, timeout=2)
    await channels.close()


@pytest.mark.asyncio
async def test_a_channel_closed_under_a_call_cancels_nobody(mute):
    channels = Channels()
    call = asyncio.create_task(Lifecycle(channels).health(mute, lease_seconds=1, timeout=5))
    await asyncio.sleep(0.1)
    await channels.close()
    with pytest.raises(CallFailed, match="was cut off"):
        await call


@pytest.mark.asyncio
async def test_our_own_cancellation_is_one(mute):
    channels = Channels()
    call = asyncio.create_task(Lifecycle(channels).health(mute, lease_seconds=1, timeout=5))
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await channels.close()


def test_the_token_is_the_launches_and_changes_with_the_key(settings):
    one = token_of("a")
    assert one != token_of("b") and len(one) == 64
    token_of.cache_clear()
    settings.SECRET_KEY = "another"
    assert token_of("a") != one
    token_of.cache_clear()
