"""Part 3: what a conversation remembers, which AgentX keeps between its turns."""

from agentx_sdk.conformance.bench import Bench
from agentx_sdk.conformance.check import Skipped, check, expect, same
from agentx_sdk.memory import MAX_MEMORY
from agentx_sdk.testing import Answer, PluginProcess


@check("memory.returned", "3.12")
async def returned(at: Bench) -> None:
    """what it shall remember comes with the turn's last event, as a stream too"""
    _remembers(at)
    case = at.cases.case("learn")
    kept = (await at.send(case)).memory
    expect(kept, "no memory came with the end of the turn")
    assert kept is not None
    expect(len(kept) <= MAX_MEMORY, f"{len(kept)} bytes of memory")
    responses = await at.stream(case)
    places = [place for place, each in enumerate(responses) if each.HasField("memory")]
    same(places, [len(responses) - 1], "the responses of the stream that carry memory")


@check("memory.failed", "3.12")
async def failed(at: Bench) -> None:
    """a turn that fails leaves what was remembered as it was"""
    _remembers(at)
    answer = await at.send(at.cases.case("fail"), memory=await _learned(at))
    expect(answer.memory is None, "a turn that failed sent memory")


@check("memory.new_process", "3.13", shared=False)
async def new_process(at: Bench) -> None:
    """another process goes on with a conversation by its memory alone"""
    _remembers(at)
    async with at.started() as plugin:
        memory = await _learned(at, plugin)
        wanted = await _recalled(at, plugin, memory)
    async with at.started() as heir:
        nothing = await _recalled(at, heir, b"")
        found = await _recalled(at, heir, memory)
    same(found.text, wanted.text, "what another process recalls")
    expect(found.text != nothing.text, "`recall` says the same with memory and without")


def _remembers(at: Bench) -> None:
    if not at.manifest.get("conversation_memory"):
        raise Skipped("plugin.yaml does not say `conversation_memory: true`")


async def _learned(at: Bench, on: PluginProcess | None = None) -> bytes:
    """The memory that the message `learn` leaves."""
    answer = await at.send(at.cases.case("learn"), on)
    expect(answer.memory, "no memory came after the message `learn`")
    return answer.memory or b""


async def _recalled(at: Bench, plugin: PluginProcess, memory: bytes) -> Answer:
    answer = await at.send(at.cases.case("recall"), plugin, memory=memory)
    expect(answer.success, f"the message `recall` failed: {answer.error}")
    return answer
