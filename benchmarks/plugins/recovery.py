"""How soon a plugin is there, and how soon its callers are answered again after kill -9 of a process.

Asked of the product over HTTP, as callers and operators ask it.
"""

import contextlib
import json
import os
import signal
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.servers import Server, agentx

KILLS: Final = 3
STEADY_SECONDS: Final = 11.0  # the sixth early end within a minute would rightly be the last
CALLERS: Final = 4
FLOORS: Final = {  # seconds, at worst
    "start, light": 1.0,
    "recovery, light, one process": 1.0,
    "added latency, two processes": 0.1,
    "recovery, heavy, warm standby": 3.0,
}
IMPORTS_SECONDS: Final = 5
HEAVY: Final = f"""
import time

time.sleep({IMPORTS_SECONDS})  # as a heavy framework's imports do

from agentx_sdk import Adapter, Turn, run


class Heavy(Adapter):
    def process(self, turn: Turn) -> str:
        return turn.text


run(Heavy())
"""
MANIFEST: Final = """
metadata: { name: heavy, version: 1.0.0 }
trust: trusted
runtime: { language: python, entrypoint: main.py, startup_timeout: 30s }
agents: [{ slug: heavy, retry: always }]
standby: 1
"""
Json = dict[str, Any]


def measure(console: Console) -> dict[str, Json]:
    """By row: seconds at the median and at worst, and of how many."""
    seen: dict[str, list[float]] = {}
    with agentx() as server:
        asked = Asked(server)
        seen["start, light"] = [asked.started("echo") for _ in range(KILLS)]
        seen["recovery, light, one process"] = [asked.recovered("echo") for _ in range(KILLS)]
        asked.scale("echo", 2)
        seen["added latency, two processes"] = [asked.added("echo") for _ in range(KILLS)]
        with heavy() as folder:
            asked.ask("POST", "/api/v1/plugins/load", {"path": str(folder)})
            seen["start, heavy"] = [asked.started("heavy")]
            kills = [asked.recovered("heavy", settled=_is_warm) for _ in range(KILLS)]
            seen["recovery, heavy, warm standby"] = kills
    told = {name: _figures(times) for name, times in seen.items()}
    _show(console, told)
    return told


def held(told: dict[str, Json]) -> bool:
    """Whether every floor was held at worst."""
    return all(told[name]["worst"] < floor for name, floor in FLOORS.items())


def _figures(times: list[float]) -> Json:
    median, worst = statistics.median(times), max(times)
    return {"median": round(median, 3), "worst": round(worst, 3), "of": len(times)}


def _show(console: Console, told: dict[str, Json]) -> None:
    table = Table("plugins", "median s", "worst s", "of", "floor s")
    for name, row in told.items():
        figures = (f"{row['median']:.3f}", f"{row['worst']:.3f}", str(row["of"]))
        table.add_row(name, *figures, str(FLOORS.get(name, "-")))
    console.print(table)


@contextlib.contextmanager
def heavy() -> Iterator[Path]:
    """A folder with a plugin whose imports take their time."""
    with tempfile.TemporaryDirectory(prefix="agentx-heavy-") as name:
        folder = Path(name)
        (folder / "plugin.yaml").write_text(MANIFEST)
        (folder / "main.py").write_text(HEAVY)
        yield folder


def _is_steady(process: Json) -> bool:
    up = datetime.now(UTC) - datetime.fromisoformat(process["ready"] or "9999-01-01T00:00:00Z")
    return process["state"] == "running" and up.total_seconds() > STEADY_SECONDS


def _is_warm(plugin: Json) -> bool:
    return all(process["standbys"] for process in plugin["processes"])


def _always(plugin: Json) -> bool:
    return True


class Asked:
    """The product, asked over HTTP. Times in seconds."""

    def __init__(self, server: Server) -> None:
        self._url = f"http://127.0.0.1:{server.port}"
        self._headers = server.headers | {"Content-Type": "application/json"}

    def started(self, name: str) -> float:
        """From the wish to the first answer."""
        self.ask("POST", f"/api/v1/plugins/{name}/stop")
        _until(lambda: self._state(name) == "unloaded")
        began = time.perf_counter()
        self.ask("POST", f"/api/v1/plugins/{name}/start")
        self._answered(name)
        return time.perf_counter() - began

    def recovered(self, name: str, settled: Callable[[Json], bool] = _always) -> float:
        """From kill -9 of a process to the first answer."""
        (process,) = self._settled(name, 1, settled)
        os.kill(process["pid"], signal.SIGKILL)
        began = time.perf_counter()
        self._answered(name)
        return time.perf_counter() - began

    def added(self, name: str) -> float:
        """What the slowest message waited longer than the median, while one of two processes was killed."""
        process, _other = self._settled(name, 2, _always)
        times: list[float] = []
        ends = time.monotonic() + 2.0

        def call() -> None:
            while time.monotonic() < ends:
                began = time.perf_counter()
                self._send(name)
                times.append(time.perf_counter() - began)

        callers = [threading.Thread(target=call) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        time.sleep(1.0)
        os.kill(process["pid"], signal.SIGKILL)
        for caller in callers:
            caller.join()
        return max(times) - statistics.median(times)

    def scale(self, name: str, replicas: int) -> None:
        self.ask("POST", f"/api/v1/plugins/{name}/scale", {"replicas": replicas})

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: Json = json.loads(answer.read() or b"{}")
        return told

    def _state(self, name: str) -> str:
        state: str = self.ask("GET", f"/api/v1/plugins/{name}")["state"]
        return state

    def _settled(self, name: str, count: int, settled: Callable[[Json], bool]) -> list[Json]:
        def processes() -> list[Json]:
            plugin = self.ask("GET", f"/api/v1/plugins/{name}")
            running = [one for one in plugin["processes"] if _is_steady(one)]
            return running if len(running) == count and settled(plugin) else []

        return _until(processes)

    def _answered(self, name: str) -> None:
        _until(lambda: self._send(name), every=0.0)

    def _send(self, name: str) -> bool:
        message = {
            "messageId": str(uuid.uuid4()),
            "role": "ROLE_USER",
            "parts": [{"text": "hello"}],
        }
        body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
        try:
            told = self.ask("POST", f"/a2a/{name}/", body)
        except urllib.error.HTTPError:
            return False
        state: str = told.get("result", {}).get("task", {}).get("status", {}).get("state", "")
        return state == "TASK_STATE_COMPLETED"


def _until(question: Callable[[], Any], every: float = 0.02) -> Any:
    until = time.monotonic() + 60
    while not (found := question()):
        if time.monotonic() > until:
            raise SystemExit("it did not come about within 60 s")
        time.sleep(every)
    return found
