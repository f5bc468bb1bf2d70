"""The servers that are measured, as child processes, each with its own clean end."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venvs" / "bench"
REFERENCE = ("a2a-sdk[http-server]==1.3.0", "uvicorn==0.54.0", "uvloop==0.22.1", "httptools")
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """Where it listens, what its requests need, and the processes that are the server under test."""

    name: str
    port: int
    path: str
    pids: list[int]
    headers: dict[str, str] = field(default_factory=dict)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def reference() -> Iterator[Server]:
    """a2a-sdk, tasks in memory, no authentication."""
    python = reference_python()
    port = free_port()
    program = [str(python), str(PROJECT / "benchmarks" / "reference.py"), str(port)]
    with _child(program, dict(os.environ)) as child:
        _await(lambda: _answers(port, "/"), child)
        yield Server("a2a-sdk 1.3.0", port, "/", [child.pid], {"A2A-Version": "1.0"})


@contextlib.contextmanager
def agentx() -> Iterator[Server]:
    """All of AgentX as `agentx up` runs it: API key, Postgres with fsync, one web process."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="agentx-bench-") as home:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL") and not name.startswith("AGENTX_")
        }
        program = [sys.executable, "-m", "agentx_site.up", "--home", home, "--port", str(port)]
        program += ["--grpc-port", str(free_port()), "--web-workers", "1"]
        with _child(program, environment) as child:
            _await(lambda: _is_ready(port), child)
            credentials = json.loads((Path(home) / "credentials.json").read_text())
            headers = {"A2A-Version": "1.0", "Authorization": f"Bearer {credentials['api_key']}"}
            web = json.loads((Path(home) / "run.json").read_text())["children"]["web"]["pid"]
            _await(lambda: _echo_is_ready(port, headers), child)
            yield Server("AgentX", port, "/a2a/echo/", [web], headers)


def reference_python() -> Path:
    python = VENV / "bin" / "python"
    stamp = VENV / "installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(REFERENCE):
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", str(VENV)], check=True)
        install = [*uv, "pip", "install", "--quiet", "--python", str(python), *REFERENCE]
        subprocess.run(install, check=True)
        stamp.write_text("\n".join(REFERENCE))
    return python


@contextlib.contextmanager
def _child(program: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            program, cwd=PROJECT, env=environment, stdout=output, stderr=output
        )
        try:
            yield child
        except NotReady as error:
            output.seek(0)
            told = output.read().decode(errors="replace")
            raise SystemExit(f"{error}\n{told[-3000:]}") from None
        finally:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


class NotReady(Exception):  # noqa: N818 - a fact
    """A server did not come up."""


def _await(is_ready: object, child: subprocess.Popen[bytes]) -> None:
    assert callable(is_ready)
    until = time.monotonic() + READY_SECONDS
    while not is_ready():
        if child.poll() is not None or time.monotonic() > until:
            raise NotReady(f"{child.args!r} did not get ready")
        time.sleep(0.2)


def _answers(port: int, path: str) -> bool:
    return _status(port, "GET", path) is not None


def _is_ready(port: int) -> bool:
    return _status(port, "GET", "/ready") == 200


def _echo_is_ready(port: int, headers: dict[str, str]) -> bool:
    return _status(port, "GET", "/a2a/echo/.well-known/agent-card.json", headers) == 200


def _status(port: int, method: str, path: str, headers: dict[str, str] | None = None) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request(method, path, headers=headers or {})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
