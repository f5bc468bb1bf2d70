"""Streams: what AgentX adds to an agent's first words, and a thousand streams on one web process.

First words: SendStreamingMessage to echo over AgentX (authenticated, the task committed with fsync before its first
byte), and the same message straight to a process of the same plugin over gRPC; one after the other, turn by turn.
"""

import json
import subprocess
import sys
import time
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.report import write
from benchmarks.servers import PROJECT, Server, agentx

TURNS: Final = 400
STREAMS: Final = 1_000
WORDS: Final = 10
PAUSE: Final = 1.0  # seconds between two words
CEILING_MS: Final = 5.0


def run(console: Console) -> bool:
    """Measure, print, write down; whether the added time stayed under CEILING_MS and every stream got everything."""
    with agentx() as server:
        first = _child("benchmarks.first_words", _wish(server, turns=TURNS))
        crowd = _crowd(server)
    added = round(first["agentx_agent_p50_ms"] - first["direct_p50_ms"], 2)
    show(console, first, added, crowd)
    write(console, "streams", {"first_words": first, "added_p50_ms": added, "crowd": crowd})
    return added < CEILING_MS and crowd["complete"] == STREAMS


def _crowd(server: Server) -> dict[str, Any]:
    """A thousand tasks at once, each with its stream, a word a second each."""
    web = psutil.Process(server.pids[0])
    before = web.memory_info().rss
    wish = _wish(server, streams=STREAMS, words=WORDS, pause=PAUSE)
    program = [sys.executable, "-m", "benchmarks.sse", json.dumps(wish)]
    peak = before
    with subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE) as child:
        while child.poll() is None:
            peak = max(peak, web.memory_info().rss)
            time.sleep(0.1)
        told: dict[str, Any] = json.loads(child.stdout.read() if child.stdout else b"{}")
    kib = round((peak - before) / STREAMS / 1024, 1)
    return told | {"rss_before": before, "rss_peak": peak, "kib_per_stream": kib}


def _wish(server: Server, **more: Any) -> dict[str, Any]:
    return {"port": server.port, "path": server.path, "headers": server.headers, **more}


def _child(module: str, wish: dict[str, Any]) -> dict[str, Any]:
    program = [sys.executable, "-m", module, json.dumps(wish)]
    told = subprocess.run(program, cwd=PROJECT, check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(told.stdout)
    return result


def show(console: Console, first: dict[str, Any], added: float, crowd: dict[str, Any]) -> None:
    table = Table(title=f"First words of echo, {TURNS} turns one after the other")
    for column in ("", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if not column else "right")
    rows = {
        "straight to the plugin: the agent's first words": "direct",
        "AgentX: first byte (the task)": "agentx_byte",
        "AgentX: the agent's first words": "agentx_agent",
    }
    for told, key in rows.items():
        table.add_row(told, f"{first[f'{key}_p50_ms']}", f"{first[f'{key}_p99_ms']}")
    console.print(table)
    console.print(f"added by AgentX at p50: {added} ms (ceiling {CEILING_MS})")
    console.print(
        f"{crowd['complete']} of {STREAMS} streams got all their events ({crowd['events']} in "
        f"{crowd['seconds']} s); {crowd['kib_per_stream']} KiB of memory per stream, "
        f"{crowd['rss_peak'] / 2**20:.0f} MiB in all"
    )
