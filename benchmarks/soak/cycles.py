"""`python -m benchmarks.soak.cycles [--cycles N] [--callers N]`: kill, reload, upgrade, roll back, scale, configure, under load.

Every message is written down by who sends it and by who answers it. At the end each acknowledged one has one task with
one end and was answered once, and nothing is left: no process, descriptor, socket, certificate, folder. Exit status 1
when something is.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from rich.console import Console

from benchmarks.soak.checks import UNFINISHED, broken
from benchmarks.soak.left import Left, left_of
from benchmarks.soak.place import Place, place

NAME: Final = "counted"
SETTLED_SECONDS: Final = 60.0
STEADY_SECONDS: Final = 11.0
PAUSE: Final = 0.05  # seconds between two messages of one caller
MAIN: Final = """
import asyncio

from agentx_sdk import Adapter, Turn, run


class Counted(Adapter):
    # Says which release answered; what it answered is in its log's folder, a line each.
    version = "VERSION"

    async def process(self, turn: Turn) -> str:
        await asyncio.sleep(0.02)
        with open("answered", "a") as file:
            file.write(turn.text + "\\n")
        return f"VERSION {turn.text}"

    def update_config(self, config, agent):
        return False  # takes it live


run(Counted())
"""
MANIFEST: Final = """
metadata: {{ name: {name}, version: {version} }}
trust: trusted
reload: immediate
runtime: {{ language: python, entrypoint: main.py, startup_timeout: 15s, shutdown_timeout: 5s }}
agents: [{{ slug: {name}, retry: {retry} }}]
replicas: 2
"""
ANSWERS: Final = """
SELECT m.message_id, count(DISTINCT t.id) FROM routing_message m JOIN routing_task t ON t.id = m.task_id
JOIN registry_agent a ON a.id = t.agent_id WHERE a.slug = %s AND m.role = 'user' GROUP BY 1 HAVING count(DISTINCT t.id) > 1"""
Json = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.cycles", description=__doc__)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--callers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--retry", choices=("undelivered", "always"), default="always")
    wish = parser.parse_args()
    random.seed(wish.seed)
    console = Console()
    console.print(f"seed {wish.seed}")
    with place(web_workers=2) as here:
        wrong = asyncio.run(soak(here, wish, console))
        if wrong:
            kept = shutil.copy(here.home / "output.txt", tempfile.mkdtemp(prefix="soak-output-"))
            console.print(f"what it said is in {kept}")
    for line in wrong:
        console.print(f"WRONG {line}", markup=False)
    console.print("something is wrong" if wrong else "nothing was lost, doubled or left behind")
    return 1 if wrong else 0


async def soak(here: Place, wish: argparse.Namespace, console: Console) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="agentx-cycles-") as folder:
        cycles = Cycles(here, Path(folder), wish.retry, console.print)
        await asyncio.to_thread(cycles.begin)
        before = await asyncio.to_thread(left_of, here)
        load = Load(here)
        calls = asyncio.create_task(load.run(wish.callers))
        try:
            await asyncio.to_thread(cycles.run, wish.cycles)
        finally:
            load.ends.set()
            await calls
        console.print(
            f"{len(load.acknowledged)} messages acknowledged, slowest {load.slowest:.2f} s,"
            f" {dict(load.counts)}, {dict(cycles.counts)}"
        )
        await asyncio.to_thread(cycles.rest)
        after = await asyncio.to_thread(left_of, here)
        _show(console, before, after)
        return (
            load.wrong
            + doubled(here, load.acknowledged)
            + broken(here, load.tasks)
            + after.beyond(before)
        )


def _show(console: Console, before: Left, after: Left) -> None:
    for name, was in before.counts.items():
        console.print(f"{name}: {was} before, {after.counts.get(name, 0)} after")


def doubled(here: Place, acknowledged: set[str]) -> list[str]:
    """Messages with two tasks; messages answered again after their answer was acknowledged."""
    found = [f"{message} has {count} tasks" for message, count in here.rows(ANSWERS, NAME)]
    files = (here.home / "work" / NAME).glob("*/answered")
    answered = Counter(line for file in files for line in file.read_text().splitlines())
    unanswered = [text for text in acknowledged if not answered[text]]
    again = [text for text in acknowledged if answered[text] > 1]
    found += [f"{text} was acknowledged as answered, but nobody did" for text in unanswered[:5]]
    return found + [f"{text} was answered {answered[text]} times" for text in again[:5]]


class Cycles:
    """What an operator does, and kill -9; each waits until everything runs again."""

    def __init__(
        self, here: Place, folder: Path, retry: str, tell: Callable[[str], object]
    ) -> None:
        self._here = here
        self._folder = folder
        self._retry = retry
        self._tell = tell
        self._patch = 0
        self._is_newest = False
        self.counts: Counter[str] = Counter()

    def begin(self) -> None:
        self._install()
        self._post("start")
        self._settle()

    def run(self, cycles: int) -> None:
        deeds = (self.kill, self.reload, self.upgrade, self.roll_back, self.scale, self.configure)
        for number in range(cycles):
            deed = deeds[number % len(deeds)] if number < len(deeds) else random.choice(deeds)
            began = time.monotonic()
            deed()
            self._settle()
            self.counts[deed.__name__] += 1
            self._tell(f"{number + 1:4} {deed.__name__} {time.monotonic() - began:.2f} s")

    def rest(self) -> None:
        """As it began: two processes, every task ended, what is collected collected."""
        self._post("scale", {"replicas": 2})
        self._settle()
        self._until(lambda: not self._here.rows(UNFINISHED)[0][0])
        time.sleep(5)

    def kill(self) -> None:
        process = self._steady()
        os.kill(process["pid"], signal.SIGKILL)
        self._until(lambda: process["pid"] not in {p["pid"] for p in self._plugin()["processes"]})

    def _steady(self) -> Json:
        """One that has run for a while: the sixth early end within a minute would rightly be the last."""
        found: list[Json] = []
        self._until(lambda: found.extend(filter(_is_steady, self._plugin()["processes"])) or found)
        return random.choice(found)

    def reload(self) -> None:
        self._replaced(lambda: self._post("reload"))

    def upgrade(self) -> None:
        self._replaced(self._install)

    def roll_back(self) -> None:
        if not self._is_newest:  # then there may be nothing before it
            self.upgrade()
            self._settle()
        self._is_newest = False
        self._replaced(lambda: self._post("rollback", {}))

    def scale(self) -> None:
        self._post("scale", {"replicas": random.choice((1, 3, 2))})

    def configure(self) -> None:
        self._here.ask("PUT", f"/api/v1/plugins/{NAME}/config", {"number": random.random()})

    def _replaced(self, deed: Callable[[], object]) -> None:
        before = self._plugin()["generation"]
        deed()
        self._until(lambda: self._plugin()["generation"] > before)

    def _install(self) -> None:
        self._is_newest = self._patch > 0
        self._patch += 1
        version = f"1.0.{self._patch}"
        (self._folder / "main.py").write_text(MAIN.replace("VERSION", version))
        told = MANIFEST.format(name=NAME, version=version, retry=self._retry)
        (self._folder / "plugin.yaml").write_text(told)
        self._here.ask("POST", "/api/v1/plugins/load", {"path": str(self._folder)})

    def _post(self, verb: str, body: Json | None = None) -> None:
        self._here.ask("POST", f"/api/v1/plugins/{NAME}/{verb}", body)

    def _plugin(self) -> Json:
        told: Json = self._here.ask("GET", f"/api/v1/plugins/{NAME}")
        return told

    def _settle(self) -> None:
        self._until(lambda: _is_settled(self._plugin()))

    def _until(self, question: Callable[[], object]) -> None:
        until = time.monotonic() + SETTLED_SECONDS
        while not question():
            if time.monotonic() > until:
                raise SystemExit(f"it did not come about: {self._plugin()}")
            time.sleep(0.1)


def _is_steady(process: Json) -> bool:
    up = datetime.now(UTC) - datetime.fromisoformat(process["ready"] or "9999-01-01T00:00:00Z")
    return process["state"] == "running" and up.total_seconds() > STEADY_SECONDS


def _is_settled(plugin: Json) -> bool:
    """As many processes as wanted, all of the newest generation and configuration."""
    running = [one for one in plugin["processes"] if one["state"] == "running"]
    numbers = ("generation", "revision")
    alike = all(one[name] == plugin[name] for one in running for name in numbers)
    return len(running) == len(plugin["processes"]) == plugin["replicas"] and alike


class Load:
    """Steady callers. `acknowledged`: the texts that were answered; `tasks`: their tasks."""

    def __init__(self, here: Place) -> None:
        self._here = here
        self.acknowledged: set[str] = set()
        self.tasks: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.slowest = 0.0
        self.ends = asyncio.Event()

    async def run(self, callers: int) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            await asyncio.gather(*(self._caller(http) for _ in range(callers)))

    async def _caller(self, http: aiohttp.ClientSession) -> None:
        while not self.ends.is_set():
            text = str(uuid.uuid4())
            began = time.monotonic()
            try:
                await self._send(http, text)
            except (aiohttp.ClientError, TimeoutError, urllib.error.URLError) as error:
                self.wrong.append(f"{text}: {type(error).__name__} {error}")
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(PAUSE)

    async def _send(self, http: aiohttp.ClientSession, text: str) -> None:
        message = {"messageId": text, "role": "ROLE_USER", "parts": [{"text": text}]}
        body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
        url = f"{self._here.url}/a2a/{NAME}/"
        async with http.post(url, json=body, headers=self._here.headers) as answer:
            told = await answer.json(content_type=None)
        task = told.get("result", {}).get("task", {})
        state = task.get("status", {}).get("state", "refused")
        self.counts[state] += 1
        if state == "refused":
            self.wrong.append(f"{text}: {answer.status} {str(told)[:200]}")
            return
        self.tasks.add(task["id"])
        if state == "TASK_STATE_COMPLETED":
            self._completed(text, task)
        else:
            self.wrong.append(f"{text}: {state} {str(task['status'])[:300]}")

    def _completed(self, text: str, task: Json) -> None:
        self.acknowledged.add(text)
        told = [part.get("text", "") for one in task["artifacts"] for part in one["parts"]]
        if len(told) != 1 or not told[0].endswith(f" {text}"):
            self.wrong.append(f"{text}: was answered {told}")


if __name__ == "__main__":
    sys.exit(main())
