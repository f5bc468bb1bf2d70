"""A node for tests: a real supervisor process on the test database, with a home of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.db import connection

from plugins_app import services
from plugins_app.models import Plugin, PluginInstance
from security.principals import system
from tests.wires import Wire

ROOT = Path(__file__).resolve().parent.parent
BROKEN = ROOT / "tests" / "plugins"
US = system("test")
Answer = TypeVar("Answer")


class SupervisedNode:
    """`start`, `kill` (-9) and `stop` (SIGTERM, in order); `close` leaves nothing."""

    def __init__(self, name: str = "test-node", *, wired: bool = False) -> None:
        self.name = name
        self.home = Path(tempfile.mkdtemp(prefix="agentx-node-"))
        self.runtime = Path(tempfile.mkdtemp(prefix="agx-"))
        self.child: subprocess.Popen[bytes] | None = None
        self.wires: list[Wire] = []
        if wired:
            self._lay_wires()

    def _lay_wires(self) -> None:
        given, redis = connection.settings_dict, urlsplit(settings.REDIS_URL)
        socket_name = f".s.PGSQL.{given['PORT'] or 5432}"
        folder = self.runtime / "wires"
        folder.mkdir()
        self.postgres = Wire(folder / socket_name, Path(given["HOST"]) / socket_name)
        self.valkey = Wire(folder / "valkey", (str(redis.hostname), int(redis.port or 6379)))
        self.wires = [self.postgres, self.valkey]

    @property
    def environment(self) -> dict[str, str]:
        url = urlsplit(os.environ["DATABASE_URL"])
        url, redis_url = (
            url._replace(path=f"/{connection.settings_dict['NAME']}"),
            settings.REDIS_URL,
        )
        if self.wires:
            url = url._replace(query=f"host={self.postgres.path.parent}")
            redis_url = f"unix://:{urlsplit(redis_url).password or ''}@{self.valkey.path}"
        return os.environ | {
            "DATABASE_URL": url.geturl(),
            "REDIS_URL": redis_url,
            "AGENTX_HOME": str(self.home),
            "AGENTX_RUNTIME_DIR": str(self.runtime),
            "AGENTX_NODE_NAME": self.name,
            "GRPC_EXPERIMENTS": "-event_engine_client,-event_engine_listener",
        }

    def start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "manage.py", "supervisor"], cwd=ROOT, env=self.environment
        )

    def kill(self) -> None:
        assert self.child is not None
        self.child.kill()
        self.child.wait(10)

    def stop(self, within: float = 15) -> int:
        assert self.child is not None
        self.child.terminate()
        return self.child.wait(within)

    def close(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.kill()
        for process in self.processes():
            process.kill()
        for wire in self.wires:
            wire.close()
        for folder in (self.home, self.runtime):
            shutil.rmtree(folder, ignore_errors=True)

    def processes(self) -> list[psutil.Process]:
        """Every process that has its working directory in this node's home: plugins and their children."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != "zombie" and process.cwd().startswith(f"{self.home}/work/"):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def sockets(self) -> list[Path]:
        return [
            path for path in self.runtime.rglob("*") if path.is_relative_to(self.runtime / "p")
        ][1:]


def installed(folder: Path, *, replicas: int = 1, start: bool = True) -> Plugin:
    plugin = services.install(US, folder)
    if replicas != 1:
        services.scale(US, plugin.slug, replicas)
    return services.set_desired(US, plugin.slug, "running") if start else plugin


def instances(plugin: Plugin) -> list[PluginInstance]:
    return list(plugin.instances.order_by("ordinal"))


def running(plugin: Plugin, count: int = 1) -> list[PluginInstance] | None:
    """The plugin's processes, when exactly so many run and nothing else is left of others."""
    found = [each for each in instances(plugin) if each.state != "exited"]
    return found if [each.state for each in found] == ["running"] * count else None


def eventually(question: Callable[[], Answer | None], within: float = 15.0) -> Answer:
    """The first true answer; an AssertionError with the last one when none comes in time."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"still {answer!r} after {within} s"
        time.sleep(0.02)
    return answer


def kill(pid: int | None, number: signal.Signals = signal.SIGKILL) -> None:
    assert pid is not None
    os.kill(pid, number)
