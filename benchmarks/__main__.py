"""`python -m benchmarks`: SendMessage to echo, beside the a2a-sdk reference server in the same run.

AgentX: authenticated, every task and event committed with fsync before it is answered, the agent in a process of its
own. The reference: tasks in memory, nothing authenticated, the agent in the server. One server process on one core.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.servers import PROJECT, Server, agentx, reference

RESULTS = Path(__file__).resolve().parent / "results"
FLOOR = 1.5
SERVER_CORE, LOAD_CORE = 0, 1
WARM_UP_SECONDS = 3.0


def main() -> int:
    options = _options()
    with ExitStack() as stack:
        servers = [stack.enter_context(start()) for start in (reference, agentx)]
        for server in servers:
            pin(server)
            measure(server, options.connections, WARM_UP_SECONDS)
        rounds = [
            {
                server.name: measure(server, options.connections, options.seconds)
                for server in servers
            }
            for _ in range(options.rounds)
        ]
    result = judged(rounds, [server.name for server in servers])
    show(result)
    write(result | {"connections": options.connections, "seconds": options.seconds})
    return 0 if result["ratio"] >= FLOOR else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def pin(server: Server) -> None:
    """The server's process with all its threads on one core; the rest of the machine is everybody's."""
    if (os.cpu_count() or 1) < 2:
        return
    for pid in server.pids:
        for thread in psutil.Process(pid).threads():
            os.sched_setaffinity(thread.id, {SERVER_CORE})


def measure(server: Server, connections: int, seconds: float) -> dict[str, Any]:
    wish = {
        "port": server.port,
        "path": server.path,
        "headers": server.headers,
        "connections": connections,
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


def show(result: dict[str, Any]) -> None:
    table = Table(title="SendMessage to echo")
    for column in ("server", "messages/s", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "server" else "right")
    for name, figures in result["servers"].items():
        table.add_row(
            name, f"{figures['per_second']:.0f}", f"{figures['p50_ms']}", f"{figures['p99_ms']}"
        )
    console = Console()
    console.print(table)
    console.print(f"ratio {result['ratio']} (floor {result['floor']})")


def write(result: dict[str, Any]) -> None:
    moment = datetime.now(UTC)
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"send-message-{moment:%Y%m%dT%H%M%SZ}.json"
    path.write_text(
        json.dumps({"time": moment.isoformat(), "machine": machine, **result}, indent=1)
    )
    Console().print(f"written to {path.relative_to(PROJECT)}")


if __name__ == "__main__":
    sys.exit(main())
