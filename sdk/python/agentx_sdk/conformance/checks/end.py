"""Part 5: the end."""

import asyncio
import contextlib
import signal
from pathlib import Path

import grpc
import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.bench import Bench, refused, status_of
from agentx_sdk.conformance.check import Skipped, check, expect, same
from agentx_sdk.testing import PluginProcess

SERVING = pb.HealthCheckResponse.SERVING
TURNED_AWAY = "the plugin is "


@check("end.shutdown", "5.4", shared=False)
async def shutdown(at: Bench) -> None:
    """Shutdown ends it with status 0, and takes its socket away"""
    async with at.started() as plugin:
        answer = await plugin.call("Shutdown", pb.ShutdownRequest(drain_seconds=2))
        same((answer.success, answer.in_flight), (True, 0), "success and in_flight")
        same(await plugin.wait(10), 0, "the exit status")
        expect(not exists(plugin.handshake[3]), "its socket is still there")


@check("end.drain", "5.3", shared=False)
async def drain(at: Bench) -> None:
    """a running message is answered while new ones are turned away"""
    async with at.started() as plugin, at.running(plugin, 1.5) as task:
        answer = await plugin.call("Shutdown", pb.ShutdownRequest(drain_seconds=10))
        same(answer.in_flight, 1, "in_flight in the answer to Shutdown")
        text = await refused(at.send(at.cases.case("message"), plugin), "UNAVAILABLE", "a message")
        expect(text.startswith(TURNED_AWAY), f"the text is {text!r}: begin with {TURNED_AWAY!r}")
        health = await plugin.health()
        expect(health.status != SERVING, "HealthCheck says SERVING while it drains")
        expect("draining" in health.detail, f"HealthCheck says {health.detail!r}, not `draining`")
        expect((await task).success, "the running message was not answered")
        same(await plugin.wait(5), 0, "the exit status")


@check("end.bounded", "5.3", shared=False)
async def bounded(at: Bench) -> None:
    """what runs after drain_seconds is cancelled"""
    async with at.started() as plugin, at.running(plugin, 60) as task:
        await plugin.call("Shutdown", pb.ShutdownRequest(drain_seconds=1))
        same(await plugin.wait(5), 0, "the exit status")
        expect(await status_of(task) != "OK", "the cancelled message was answered")


@check("end.sigterm", "5.5", shared=False)
async def sigterm(at: Bench) -> None:
    """SIGTERM ends it with status 0"""
    async with at.started() as plugin:
        plugin.signal(signal.SIGTERM)
        same(await plugin.wait(5), 0, "the exit status")


@check("end.sigterm_drains", "5.5", shared=False)
async def sigterm_drains(at: Bench) -> None:
    """a message that runs at SIGTERM is answered"""
    async with at.started() as plugin, at.running(plugin, 1.0) as task:
        plugin.signal(signal.SIGTERM)
        expect((await task).success, "the running message was not answered")
        same(await plugin.wait(5), 0, "the exit status")


@check("end.sigterm_insists", "5.5", shared=False)
async def sigterm_insists(at: Bench) -> None:
    """SIGTERM after Shutdown cancels what runs"""
    async with at.started() as plugin, at.running(plugin, 60):
        await plugin.call("Shutdown", pb.ShutdownRequest(drain_seconds=60))
        plugin.signal(signal.SIGTERM)
        same(await plugin.wait(5), 0, "the exit status")


@check("end.nothing_left", "5.4", shared=False)
async def nothing_left(at: Bench) -> None:
    """no process of its group is left behind"""
    if not exists("/proc/self/stat"):
        raise Skipped("this machine has no /proc")
    async with at.started() as plugin:
        with contextlib.suppress(grpc.aio.AioRpcError):
            await at.send(at.cases.case("message"), plugin)
        await plugin.shutdown(1)
        left = await asyncio.to_thread(group_of, plugin)
        expect(not left, f"processes {left} are left")


def exists(path: str) -> bool:
    """Whether the file is there."""
    return Path(path).exists()


def group_of(plugin: PluginProcess) -> list[int]:
    """The pids in the plugin's process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == plugin.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found
