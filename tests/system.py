"""The whole of AgentX on a home and ports of its own, as `make run` starts it, for tests that kill parts of it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
UP_WITHIN = 90.0
DOWN_WITHIN = 30.0
# What this session's own services set must not leak into a system that starts its own.
LEAVE = ("DATABASE_URL", "REDIS_URL", "AGENTX_", "DJANGO_")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def until(question: Callable[[], Any], within: float = 15.0, every: float = 0.05) -> Any:
    """The first truthy answer; a question that raises has not been answered yet."""
    deadline, last = time.monotonic() + within, None
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except (OSError, KeyError, IndexError, psutil.Error, AssertionError) as error:
            last = error
        time.sleep(every)
    raise AssertionError(f"not within {within} s (last: {last!r})")


class System:
    """`start`, use, `stop`. `kill_runner` ends the runner alone, without a chance to tidy up."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.port, self.grpc_port = free_port(), free_port()
        self.options = options
        self.log = home.with_name(home.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "System":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, str]:
        return dict(json.loads((self.home / "credentials.json").read_text()))

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(LEAVE)}
        return clean | {"AGENTX_HOME": str(self.home), "AGENTX_WEBHOOK_ALLOW": "127.0.0.1"}

    def start(self, *, wait: bool = True) -> None:
        """Start the runner; returns when /ready says so and echo has a card."""
        command = [sys.executable, "-m", "agentx_site.up", "--home", str(self.home)]
        ports = ["--port", str(self.port), "--grpc-port", str(self.grpc_port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *ports, *self.options],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if wait:
            self.until_ready()

    def until_ready(self) -> None:
        try:
            until(self._ready_or_dead, UP_WITHIN)
        except AssertionError:
            raise AssertionError(self.log.read_text()[-4000:]) from None

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended: {self.log.read_text()[-4000:]}")
        return self.get("/ready")[0] == 200 and self.plugin("echo")["state"] == "running"

    def stop(self) -> int:
        """One Ctrl-C; returns the exit status. Insists after half a minute, and fails then."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(DOWN_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill_everything()
            raise AssertionError("Ctrl-C did not end it:" + self.log.read_text()[-2000:]) from None

    def kill_runner(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def family(self) -> list[psutil.Process]:
        """Every process that belongs to this home, plugin processes included."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if self._is_ours(process):
                    found.append(process)
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        home = str(self.home)
        return home in " ".join(process.cmdline()) or process.cwd().startswith(home)

    def kill_everything(self) -> None:
        for process in [*self.family(), *self._children()]:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self.process:
            self.process.kill()
            self.process.wait()

    def _children(self) -> list[psutil.Process]:
        assert self.process is not None
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def child(self, name: str) -> int:
        """The pid of a child of the runner: web, node, gateway, beat, postgres, valkey."""
        run = json.loads((self.home / "run.json").read_text())
        return int(run["children"][name]["pid"])

    def get(self, path: str, key: str | None = None) -> tuple[int, Any]:
        return self.call("GET", path, None, key)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> tuple[int, Any]:
        """Status and decoded body; a refusal is an answer."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        key = self.credentials["api_key"] if key is None else key
        every = {"Content-Type": "application/json", "A2A-Version": "1.0"} | (headers or {})
        if key:
            every["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url + path, data, every, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _decoded(error.read())

    def rpc(self, agent: str, method: str, params: Any, **more: Any) -> dict[str, Any]:
        """One JSON-RPC call; the whole answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        status, answer = self.call("POST", f"/a2a/{agent}/", body, **more)
        assert status == 200, (status, answer)
        return dict(answer)

    def send(self, agent: str, text: str, message_id: str, **extra: Any) -> dict[str, Any]:
        """SendMessage, waiting for the end; the task."""
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": text}]}
        configuration = extra.pop("configuration", {})
        params = {"message": message | extra, "configuration": configuration}
        answer = self.rpc(agent, "SendMessage", params)
        assert "result" in answer, answer
        return dict(answer["result"]["task"])

    def plugin(self, name: str) -> dict[str, Any]:
        status, found = self.get(f"/api/v1/plugins/{name}")
        assert status == 200, (status, found)
        return dict(found)

    def pids(self, plugin: str, state: str = "running") -> list[int]:
        return [p["pid"] for p in self.plugin(plugin)["processes"] if p["state"] == state]


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def texts(task: dict[str, Any]) -> str:
    """All text of a task's artifacts."""
    parts = [part for artifact in task.get("artifacts", []) for part in artifact["parts"]]
    return "".join(part.get("text", "") for part in parts)
