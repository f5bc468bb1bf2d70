"""SendMessage to echo, beside the a2a-sdk reference server in the same run.

AgentX: authenticated, every task and event committed with fsync before it is answered, the agent in a process of its
own. The reference: tasks in memory, nothing authenticated, the agent in the server. One server process on one core.
"""

import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.report import write
from benchmarks.servers import PROJECT, Server, agentx, reference

FLOOR = 1.5
SERVER_CORE, LOAD_CORE = 0, 1
WARM_UP_SECONDS, SECONDS = 3.0, 6.0
CONNECTIONS, ROUNDS = 32, 3


def run(console: Console) -> bool:
    """Measure, print, write down; whether the ratio reached its floor."""
    with ExitStack() as stack:
        servers = [stack.enter_context(start()) for start in (reference, agentx)]
        for server in servers:
            pin(server)
            measure(server, WARM_UP_SECONDS)
        rounds = [
            {server.name: measure(server, SECONDS) for server in servers} for _ in range(ROUNDS)
        ]
    result = judged(rounds, [server.name for server in servers])
    show(console, result)
    write(console, "send-message", result | {"connections": CONNECTIONS, "seconds": SECONDS})
    return bool(result["ratio"] >= FLOOR)


def pin(server: Server) -> None:
    """The server's process with all its threads on one core; the rest of the machine is everybody's."""
    if (os.cpu_count() or 1) < 2:
        return
    for pid in server.pids:
        for thread in psutil.Process(pid).threads():
            os.sched_setaffinity(thread.id, {SERVER_CORE})


def measure(server: Server, seconds: float) -> dict[str, Any]:
    wish = {
        "port": server.port,
        "path": server.path,
        "headers": server.headers,
        "connections": CONNECTIONS,
        "seconds": seconds,
    }
    program = [sys.executable, "-m", "benchmarks.load", json.dumps(wish)]
    told = subprocess.run(
        program, cwd=PROJECT, check=True, capture_output=True, preexec_fn=_on_load_core
    )
    result: dict[str, Any] = json.loads(told.stdout)
    if result["errors"]:
        raise SystemExit(f"{server.name} gave errors: {result['first_error']}")
    return result


def _on_load_core() -> None:
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})


def judged(rounds: list[dict[str, dict[str, Any]]], names: list[str]) -> dict[str, Any]:
    """The median of each figure over the rounds, and of ours over the reference's in the same round."""
    keys = ("per_second", "p50_ms", "p99_ms")
    medians = {
        name: {key: round(statistics.median(each[name][key] for each in rounds), 2) for key in keys}
        for name in names
    }
    theirs, ours = names
    ratios = [each[ours]["per_second"] / each[theirs]["per_second"] for each in rounds]
    ratio = round(statistics.median(ratios), 2)
    return {"servers": medians, "ratio": ratio, "floor": FLOOR, "rounds": rounds}


def show(console: Console, result: dict[str, Any]) -> None:
    table = Table(title="SendMessage to echo")
    for column in ("server", "messages/s", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "server" else "right")
    for name, figures in result["servers"].items():
        table.add_row(
            name, f"{figures['per_second']:.0f}", f"{figures['p50_ms']}", f"{figures['p99_ms']}"
        )
    console.print(table)
    console.print(f"ratio {result['ratio']} (floor {result['floor']})")
