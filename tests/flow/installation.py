"""A whole AgentX of its own: `agentx up` on a new home, as a person would start it."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import psutil

from agentx_site.up.options import PROJECT
from agentx_site.up.runtime import runtime_dir

OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
READY = "Ctrl-C ends everything."


class Installation:
    """Started and ended as often as a test likes; its home stays until `remove`. `settings`: variables of its own."""

    settings: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="agentx up "))  # a space, as some homes have
        self.home.chmod(0o711)
        self.output = self.home / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> Self:
        """Returns when the box was printed; what was printed is in `said`."""
        command = [sys.executable, "-m", "agentx_site.up", "--home", str(self.home)]
        ports = ["--port", "0", "--grpc-port", "0"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *ports, *options],
                cwd=PROJECT, stdout=output, stderr=output, env=environment() | dict(self.settings),
            )  # fmt: skip
        self.until(lambda: READY in self.said or self.process is None or self.process.poll(), 90)
        assert READY in self.said, self.said
        return self

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def run(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return content

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def child(self, name: str) -> int:
        """Its pid, 0 between two lives."""
        pid: int = self.run["children"].get(name, {"pid": 0})["pid"]
        return pid

    def tree(self) -> list[psutil.Process]:
        """Everything that runs on this home, plugins too, in whatever session."""
        every = [process for process in psutil.process_iter() if lives(process)]
        ours = {process.pid for process in every if self._belongs(process)}
        # Plugins and Postgres do not say where they belong; who started them does.
        for _ in range(4):
            ours |= {process.pid for process in every if parent_of(process) in ours}
        return [process for process in every if process.pid in ours]

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """GET, or POST a JSON body, with the first API key."""
        key = json.loads((self.home / "credentials.json").read_text())["api_key"]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.run["url"] + path, data, headers | {"A2A-Version": "1.0"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def call(self, method: str, **params: Any) -> Any:
        """A2A JSON-RPC to `echo`; returns the result."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self.ask("/a2a/echo/", body)
        assert "result" in answer, answer
        return answer["result"]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def kill_everything(self) -> None:
        """Each at an instant of its own; one that ended meanwhile is ended too."""
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert self.process is not None
        self.process.wait()

    def remove(self) -> None:
        if self.process:
            self.kill_everything()
        shutil.rmtree(runtime_dir(self.home))
        shutil.rmtree(self.home)

    def until(self, met: Any, within: float) -> None:
        deadline = time.monotonic() + within
        while not met():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def _belongs(self, process: psutil.Process) -> bool:
        try:
            named = str(self.home) in " ".join(process.cmdline())
            return named or process.environ().get("AGENTX_HOME") == str(self.home)
        except psutil.Error:
            return False


def environment() -> dict[str, str]:
    """Ours without what the test session set for itself."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith("AGENTX_")
    }


def parent_of(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    """Run `agentx up` where it should not come up."""
    command = [sys.executable, "-m", "agentx_site.up", *options]
    return subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, env=environment(), timeout=60
    )


def pasted(said: str) -> Any:
    """Do what the printed curl line does, and return the answer."""
    line = next(line for line in said.splitlines() if line.startswith("curl "))
    words = shlex.split(line)
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    request = urllib.request.Request(words[2], words[-1].encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)
