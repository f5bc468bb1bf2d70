"""The official SDKs as servers: what AgentX meets when an agent elsewhere is registered."""

import contextlib
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.clients.installed import python_of
from tests.system import until

SERVERS: Final = Path(__file__).resolve().parent / "servers"
PROGRAMS: Final = {"1.3.0": "v10.py", "0.3.26": "v03.py"}


@contextlib.contextmanager
def sdk_server(version: str) -> Iterator[str]:
    """The URL of a running server of that a2a-sdk; its cards are at /cards/<binding>.json."""
    http, grpc = _free_port(), _free_port()
    python = python_of(f"{version}-server")
    program = str(SERVERS / PROGRAMS[version])
    with subprocess.Popen([*python, program, str(http), str(grpc)]) as process:
        try:
            until(lambda: _answers(http), within=40)
            yield f"http://127.0.0.1:{http}"
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/cards/GRPC.json", timeout=5) as answer:
        return bool(answer.status == 200)
