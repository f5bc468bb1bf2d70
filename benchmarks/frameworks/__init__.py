"""What AgentX costs a turn: each framework alone, and the same agent as a plugin behind the contract, in one run."""

import asyncio
import os
import sys
from typing import Any, Final

from rich.console import Console
from rich.table import Column, Table

from benchmarks import report
from benchmarks.frameworks.stub import stub
from benchmarks.servers import PROJECT

sys.path.insert(0, str(PROJECT / "sdk" / "python"))
from benchmarks.frameworks.sides import Sides, Times
from tests.frameworks.frameworks import FRAMEWORKS, Framework

__all__ = ["run"]

FLOOR_MS: Final = 3.0  # at p50, more than the framework alone
FLOORS_MS: Final = {"crewai": 10.0}
ROUNDS: Final = 12  # the two take turns, so that noise hits both
TURNS: Final = {1: 25, 32: 96}  # of a round, by how many at once
WARM_UP: Final = 30
Json = dict[str, Any]


def run(console: Console) -> bool:
    """Print the table. False when one costs more than its floor. FRAMEWORKS=a,b narrows it."""
    only = os.environ.get("FRAMEWORKS", "").split(",")
    chosen = [each for each in FRAMEWORKS if only == [""] or each.name in only]
    told = asyncio.run(_all(chosen, console))
    _show(console, told)
    report.write(console, "frameworks", {"frameworks": told})
    return all(row["more_ms"] <= _floor(name) for name, row in told.items())


def _floor(name: str) -> float:
    return FLOORS_MS.get(name, FLOOR_MS)


async def _all(frameworks: list[Framework], console: Console) -> dict[str, Json]:
    told = {}
    with stub() as url:
        for framework in frameworks:
            console.print(f"{framework.name} …", style="dim")
            async with Sides(framework, url) as sides:
                told[framework.name] = await _one(sides)
    return told


async def _one(sides: Sides) -> Json:
    """By column; see `_row`."""
    for side in (sides.bare, sides.plugin):
        await side(WARM_UP, 1)
    columns: Json = {}
    for at_once, turns in TURNS.items():
        bare, plugin = Times(), Times()
        for number in range(ROUNDS):
            order = [(sides.bare, bare), (sides.plugin, plugin)]
            for side, times in order if number % 2 else order[::-1]:
                await times.take(side(turns, at_once))
        columns |= _row(bare, plugin, at_once)
    return columns


def _row(bare: Times, plugin: Times, at_once: int) -> Json:
    if at_once == 1:
        return {
            "bare_p50_ms": bare.cut(50), "plugin_p50_ms": plugin.cut(50),
            "more_ms": round(plugin.cut(50) - bare.cut(50), 2),
            "bare_p99_ms": bare.cut(99), "plugin_p99_ms": plugin.cut(99),
        }  # fmt: skip
    return {f"bare_{at_once}_per_second": bare.rate, f"plugin_{at_once}_per_second": plugin.rate}


def _show(console: Console, told: dict[str, Json]) -> None:
    table = Table(
        *(Column(name, no_wrap=True) for name in ("a turn", "more ms", "floor")),
        "alone p50", "with it", "alone p99", "with it", "alone 32/s", "with it", padding=(0, 1, 0, 0),
    )  # fmt: skip
    for name, row in told.items():
        more = f"{row['more_ms']:.2f}"
        style = "green" if row["more_ms"] <= _floor(name) else "red"
        first = (f"{row['bare_p50_ms']:.2f}", f"{row['plugin_p50_ms']:.2f}")
        ends = (f"{row['bare_p99_ms']:.1f}", f"{row['plugin_p99_ms']:.1f}")
        rates = (f"{row['bare_32_per_second']:.0f}", f"{row['plugin_32_per_second']:.0f}")
        table.add_row(name, f"[{style}]{more}[/]", f"{_floor(name):.0f}", *first, *ends, *rates)
    console.print(table)
