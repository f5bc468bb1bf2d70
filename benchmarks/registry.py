"""Ten thousand agents: how long a list, a search and a card take, and what they cost a web process at rest.

One client on one connection, authenticated, over HTTP; the agents are written into AgentX's database in one go.
"""

import http.client
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.report import write
from benchmarks.servers import PROJECT, Server, agentx

AGENTS: Final = 10_000
WARM_UP: Final = 5
REQUESTS: Final = 100
REST_SECONDS: Final = 10.0
CEILING_MS: Final = 50.0
CARD: Final = "/.well-known/agent-card.json"
DISCOVER: Final = "/api/v1/agents/discover"


def run(console: Console) -> bool:
    """Measure, print, write down; whether each took less than CEILING_MS at p50."""
    with agentx() as server:
        alone = _cpu_at_rest(server)
        _seed(server)
        _await_routes(server)
        figures = {name: _measured(server, paths) for name, paths in _questions(server).items()}
        crowded = _cpu_at_rest(server)
        memory = psutil.Process(server.pids[0]).memory_info().rss
    rest = {"cpu_percent_before": alone, "cpu_percent_after": crowded, "rss": memory}
    show(console, figures, rest)
    write(console, "registry", {"agents": AGENTS, "requests": figures, "at_rest": rest})
    return all(each["p50_ms"] < CEILING_MS for each in figures.values())


def _questions(server: Server) -> dict[str, Callable[[], Iterator[str]]]:
    """What is asked, by name: each gives the paths to ask for, one after the other."""
    deep = _deep_page(server)
    numbers = itertools.count(1)
    return {
        "list, first page": lambda: itertools.repeat("/api/v1/agents"),
        "list, page 100": lambda: itertools.repeat(deep),
        "one agent": lambda: (f"/api/v1/agents/{_slug(next(numbers))}" for _ in itertools.count()),
        "search: a word that many have": lambda: _found(text="translation"),
        "search: two words": lambda: _found(text="contract review"),
        "search: one agent's name": lambda: _found(text=_slug(4_321)),
        "search: part of a word": lambda: _found(text="ansla"),
        "search: misspelt": lambda: _found(text="tranzlation"),
        "search: three capabilities": lambda: _found(capabilities="skill-1,skill-2,skill-3"),
        "search: any capability, a tag, ready": lambda: _found(
            any="skill-4,skill-5", tags="tag-7", state="ready"
        ),
        "search: everything": lambda: _found(limit="50"),
        "card, again and again": lambda: itertools.repeat(f"/a2a/{_slug(77)}{CARD}"),
        "card, another each time": lambda: (
            f"/a2a/{_slug(next(numbers))}{CARD}" for _ in itertools.count()
        ),
        "the front door's card": lambda: itertools.repeat(CARD),
        "the catalogue": lambda: itertools.repeat("/.well-known/ai-catalog.json"),
    }


def _slug(number: int) -> str:
    return f"agent-{number:05d}"


def _found(**query: str) -> Iterator[str]:
    return itertools.repeat(f"{DISCOVER}?{urlencode(query)}")


def _deep_page(server: Server) -> str:
    """The hundredth page of a list, as who pages through would come to it."""
    connection = _connection(server)
    path = "/api/v1/agents"
    for _ in range(100):
        parts = urlsplit(json.loads(_asked(connection, server, path))["next"])
        path = f"{parts.path}?{parts.query}"
    connection.close()
    return path


def _measured(server: Server, paths: Callable[[], Iterator[str]]) -> dict[str, float]:
    connection, times = _connection(server), []
    for turn, path in zip(range(WARM_UP + REQUESTS), paths(), strict=False):
        began = time.perf_counter()
        _asked(connection, server, path)
        if turn >= WARM_UP:
            times.append(time.perf_counter() - began)
    connection.close()
    cuts: Any = statistics.quantiles(times, n=100)
    return {"p50_ms": round(cuts[49] * 1000, 2), "p99_ms": round(cuts[98] * 1000, 2)}


def _connection(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)


def _asked(connection: http.client.HTTPConnection, server: Server, path: str) -> bytes:
    connection.request("GET", path, headers=server.headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
    return body


def _seed(server: Server) -> None:
    """In a process with the web process's environment: the ORM writes the rows, as it writes all."""
    environment = psutil.Process(server.pids[0]).environ()
    program = [sys.executable, "-m", "benchmarks.seeding", str(AGENTS)]
    subprocess.run(program, cwd=PROJECT, env=environment, check=True)


def _await_routes(server: Server) -> None:
    """Until the front door knows them: the route table has read all of them then."""
    connection = _connection(server)
    while len(json.loads(_asked(connection, server, CARD))["skills"]) < 100:
        time.sleep(0.5)
    connection.close()


def _cpu_at_rest(server: Server) -> float:
    """Percent of one core, with nobody asking."""
    web = psutil.Process(server.pids[0])
    web.cpu_percent()
    time.sleep(REST_SECONDS)
    return float(web.cpu_percent())


def show(console: Console, figures: dict[str, dict[str, float]], rest: dict[str, float]) -> None:
    table = Table(title=f"{AGENTS:,} agents, {REQUESTS} requests each")
    for column in ("", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if not column else "right")
    for name, each in figures.items():
        table.add_row(name, f"{each['p50_ms']}", f"{each['p99_ms']}")
    console.print(table)
    console.print(
        f"web process at rest: {rest['cpu_percent_before']} % of a core before, "
        f"{rest['cpu_percent_after']} % with them; {rest['rss'] / 2**20:.0f} MiB"
    )
