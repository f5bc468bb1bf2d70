"""How a plugin process ends: what happens to the messages that are running."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.testing import PluginProcess

ECHO = Path(__file__).parents[2] / "plugins" / "echo"
SHAPES = Path(__file__).parent / "plugins" / "shapes"
pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[PluginProcess]:
    async with PluginProcess(ECHO) as process:
        yield process


async def running(plugin: PluginProcess, seconds: float) -> asyncio.Task:
    """A message that sleeps, already in flight."""
    task = asyncio.create_task(plugin.send("late", metadata={"sleep": seconds}))
    while (await plugin.health()).in_flight == 0:  # noqa: ASYNC110 - asks the process
        await asyncio.sleep(0.01)
    return task


async def test_a_running_message_is_answered_while_new_ones_are_turned_away(echo):
    task = await running(echo, 0.6)
    response = await echo.call("Shutdown", pb.ShutdownRequest(drain_seconds=5))
    assert response.in_flight == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await echo.send("too late")
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    assert (await echo.health()).detail == "draining"
    assert (await task).text == "late"
    assert await echo.wait(3) == 0


async def test_the_drain_is_bounded(echo):
    task = await running(echo, 30)
    assert await echo.shutdown(1) == 0
    with pytest.raises(grpc.aio.AioRpcError):
        await task


async def test_sigterm_drains_too(echo):
    task = await running(echo, 0.5)
    echo.signal(signal.SIGTERM)
    assert (await task).text == "late"
    assert await echo.wait(3) == 0


async def test_sigterm_after_shutdown_insists(echo):
    task = await running(echo, 30)
    await echo.call("Shutdown", pb.ShutdownRequest(drain_seconds=30))
    echo.signal(signal.SIGTERM)
    assert await echo.wait(3) == 0
    with pytest.raises(grpc.aio.AioRpcError):
        await task


async def test_an_adapter_that_blocks_the_loop_cannot_outlive_its_lease():
    agents = {"shape": {}}
    async with PluginProcess(SHAPES, agents=agents, renew=False, lease_seconds=1) as plugin:
        blocked = asyncio.create_task(plugin.send("block", metadata={"seconds": 60}))
        await asyncio.sleep(0.2)
        assert await plugin.wait(10) == 4
        with pytest.raises(grpc.aio.AioRpcError):
            await blocked


async def test_the_adapter_is_shut_down_last():
    async with PluginProcess(SHAPES, agents={"shape": {}}) as plugin:
        await plugin.shutdown(1)
        assert plugin.log.splitlines()[-1].find("shapes shut down") > 0


SLOW_START = """
import time
from agentx_sdk import Adapter, run

class Slow(Adapter):
    def initialize(self, config):
        time.sleep(2.5)

    def process(self, turn):
        return "at last"

if __name__ == "__main__":
    run(Slow())
"""


async def test_a_start_that_takes_longer_than_its_lease_renews_it(tmp_path):
    (tmp_path / "main.py").write_text(SLOW_START)
    async with PluginProcess(tmp_path, lease_seconds=1) as plugin:
        assert (await plugin.send("hello")).text == "at last"
