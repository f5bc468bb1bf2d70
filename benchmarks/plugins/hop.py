"""What the contract costs: a message to a plugin process and back, without AgentX around it.

32 in flight is measured twice: with an agent that thinks for a while, as agents do (what it thinks is taken off), and
with one that answers at once, where 32 callers share what two processors give and each waits for the others.
"""

import asyncio
import random
import statistics
import sys
import time
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.servers import PROJECT

sys.path.insert(0, str(PROJECT / "sdk" / "python"))
from agentx_sdk.testing import PluginProcess

FLOOR_MS: Final = 5.0  # p99 with 32 in flight
WARM_UP: Final = 200
THINKING: Final = (0.01, 0.05)  # seconds
ROWS: Final = (
    ("one after the other", 1, False, 1500),
    ("32 in flight, agents think", 32, True, 4000),
    ("32 in flight, at once", 32, False, 6000),
)


def measure(console: Console) -> dict[str, Any]:
    """By row: p50_ms, p99_ms, per_second."""
    told = asyncio.run(_all())
    table = Table("hop to a plugin process", "p50 ms", "p99 ms", "messages/s")
    for name, row in told.items():
        figures = (f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}", f"{row['per_second']:.0f}")
        table.add_row(name, *figures)
    console.print(table)
    return told


def held(told: dict[str, Any]) -> bool:
    """The floor is for agents that think: who asks 32 at once for nothing waits for the processor."""
    return bool(told[ROWS[1][0]]["p99_ms"] < FLOOR_MS)


async def _all() -> dict[str, Any]:
    told = {}
    async with PluginProcess(PROJECT / "plugins" / "echo") as plugin:
        for name, callers, thinks, messages in ROWS:
            await _row(plugin, callers, False, WARM_UP)
            told[name] = await _row(plugin, callers, thinks, messages)
    return told


async def _row(
    plugin: PluginProcess, callers: int, thinks: bool, messages: int
) -> dict[str, float]:
    times: list[float] = []
    left = iter(range(messages))

    async def caller() -> None:
        for _ in left:
            thought = random.uniform(*THINKING) if thinks else 0.0
            began = time.perf_counter()
            await plugin.send("hello", metadata={"sleep": thought} if thinks else {})
            times.append(time.perf_counter() - began - thought)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    cuts = statistics.quantiles(times, n=100)
    rate = messages / (time.perf_counter() - began)
    return {
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "per_second": round(rate),
    }
