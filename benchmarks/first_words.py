"""How long an agent's first words take: over AgentX, and straight from a process of the same plugin."""

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from benchmarks.servers import PROJECT
from benchmarks.sse import Door, events

sys.path.insert(0, str(PROJECT / "sdk" / "python"))
from agentx_sdk.testing import PluginProcess

TEXT = "hello, how are you today?"
WISH = {"stream": True}
WARM_UP = 30


async def main(port: int, path: str, headers: dict[str, str], turns: int) -> dict[str, float]:
    """p50 and p99 in milliseconds of: direct, agentx_byte (the task), agentx_agent (the agent's first words)."""
    door = Door(port, path, headers)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seen: dict[str, list[float]] = {"direct": [], "agentx_byte": [], "agentx_agent": []}
    async with PluginProcess(PROJECT / "plugins" / "echo") as plugin:
        for turn in range(WARM_UP + turns):
            direct = await _direct(plugin)
            first_byte, first_words = await _over_agentx(door, reader, writer)
            if turn >= WARM_UP:
                seen["direct"].append(direct)
                seen["agentx_byte"].append(first_byte)
                seen["agentx_agent"].append(first_words)
    writer.close()
    return {key: value for name, times in seen.items() for key, value in _cuts(name, times).items()}


async def _direct(plugin: PluginProcess) -> float:
    began = time.perf_counter()
    first = 0.0
    async for _ in plugin.stream(TEXT, metadata=WISH):
        first = first or time.perf_counter() - began
    return first


async def _over_agentx(
    door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[float, float]:
    began = time.perf_counter()
    writer.write(door.request(TEXT, WISH))
    first_byte = first_words = 0.0
    async for event in events(reader):
        moment = time.perf_counter() - began
        first_byte = first_byte or moment
        if not first_words and b"artifactUpdate" in event:
            first_words = moment
    return first_byte, first_words


def _cuts(name: str, times: list[float]) -> dict[str, float]:
    cuts: Any = statistics.quantiles(times, n=100)
    return {
        f"{name}_p50_ms": round(cuts[49] * 1000, 2),
        f"{name}_p99_ms": round(cuts[98] * 1000, 2),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(**json.loads(sys.argv[1])))))
