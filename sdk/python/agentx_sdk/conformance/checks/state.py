"""Part 6: state that moves to the process that comes after."""

from typing import Any

import grpc
import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.bench import Bench
from agentx_sdk.conformance.check import Skipped, check, expect, same
from agentx_sdk.testing import PluginProcess

MAX_ENTRY = 1024 * 1024


@check("state.save", "6.1", shared=False)
async def save(at: Bench) -> None:
    """SaveState tells everything, then what changed since"""
    async with at.started() as plugin:
        entries = await _remembered(at, plugin)
        newest = max(entry.version for entry in entries)
        same(await _saved(plugin, newest), [], "what changed since the newest version")
        expect((await at.info(plugin)).stateful, "GetInfo does not say stateful")


@check("state.moves", "6.3", shared=False)
async def moves(at: Bench) -> None:
    """another process that loads it has the same state, however often it loads"""
    async with at.started() as plugin, at.started() as heir:
        entries = await _remembered(at, plugin)
        for _ in range(2):
            answer = await heir.load_state(entries)
            expect(answer.success, f"LoadState failed: {answer.error}")
            same(answer.loaded, len(entries), "loaded")
            same(_contents(await _saved(heir)), _contents(entries), "the state of the heir")
        expect((await at.send(at.cases.case("message"), heir)).success, "the heir does not answer")


@check("state.limits", "6.4", shared=False)
async def limits(at: Bench) -> None:
    """an entry over 1 MiB is refused, and the process goes on"""
    async with at.started() as plugin:
        await _saved(plugin)
        entry = pb.StateEntry(key="too-much", value=b'"%s"' % (b"x" * MAX_ENTRY), version=1)
        answer = await plugin.load_state([entry])
        expect(not answer.success and answer.error, "LoadState took an entry over 1 MiB")
        await plugin.health()


@check("state.nothing", "6.3", shared=False)
async def nothing(at: Bench) -> None:
    """loading nothing succeeds"""
    async with at.started() as plugin:
        await _saved(plugin)
        answer = await plugin.load_state([])
        same((answer.success, answer.loaded), (True, 0), "success and loaded")


async def _remembered(at: Bench, plugin: PluginProcess) -> list[pb.StateEntry]:
    await _saved(plugin)
    case = at.cases.case("remember")
    expect((await at.send(case, plugin)).success, "the message `remember` failed")
    entries = await _saved(plugin)
    expect(entries, "SaveState tells nothing after the message `remember`")
    keys = [entry.key for entry in entries]
    same(len(set(keys)), len(keys), "the number of keys")
    expect(all(entry.version for entry in entries), "an entry has no version")
    return entries


async def _saved(plugin: PluginProcess, since: int = 0) -> list[pb.StateEntry]:
    try:
        return await plugin.save_state(since)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            raise Skipped("it has no SaveState") from None
        raise


def _contents(entries: list[pb.StateEntry]) -> dict[str, Any]:
    return {entry.key: entry.value for entry in entries}
