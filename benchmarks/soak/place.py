"""The installation under test: its processes by name, its rows, and an agent elsewhere that it knows."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg

from benchmarks.servers import PROJECT, free_port, reference_python

REMOTE: Final = "far"
READY_SECONDS: Final = 60.0
RUNNING: Final = """
SELECT p.slug, i.pid FROM plugins_app_plugininstance i JOIN plugins_app_plugin p ON p.id = i.plugin_id
WHERE i.state = 'running'"""
PLUGINS: Final = ("echo", "slow-echo", "conformance")


class Place:
    """`child(name)` and `processes()` are as of now: what was killed has another number afterwards."""

    def __init__(self, home: Path, port: int, grpc_port: int) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.grpc = f"127.0.0.1:{grpc_port}"
        self.far_port = free_port()
        self.far: subprocess.Popen[bytes] | None = None

    @property
    def headers(self) -> dict[str, str]:
        key = json.loads((self.home / "credentials.json").read_text())["api_key"]
        return {"A2A-Version": "1.0", "Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Raises `OSError` for a refusal, too."""
        headers = self.headers | {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def rows(self, statement: str, *parameters: Any) -> list[Any]:
        url = json.loads((self.home / "run.json").read_text())["database_url"]
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute(statement, parameters).fetchall()

    def child(self, name: str) -> int:
        run = json.loads((self.home / "run.json").read_text())
        return int(run["children"].get(name, {"pid": 0})["pid"])

    def processes(self) -> dict[str, psutil.Process]:
        """Of the product: its own by their names, the supervisor, and each plugin's."""
        run = json.loads((self.home / "run.json").read_text())
        pids = {name: child["pid"] for name, child in run["children"].items()}
        with contextlib.suppress(psycopg.Error):
            pids |= {f"plugin {name}": pid for name, pid in self.rows(RUNNING)}
        found = {}
        for name, pid in pids.items():
            with contextlib.suppress(psutil.Error):
                found[name] = psutil.Process(pid)
        if node := found.get("node"):
            with contextlib.suppress(psutil.Error):
                for each in node.children(recursive=True):
                    if "supervisor" in each.cmdline():
                        found["supervisor"] = each
        return found

    def start_far(self) -> None:
        """The agent elsewhere: the reference SDK's server, its tasks in memory."""
        program = [str(reference_python()), str(PROJECT / "benchmarks" / "reference.py")]
        self.far = subprocess.Popen([*program, str(self.far_port)])

    def await_ready(self, question: Any) -> None:
        until, why = time.monotonic() + READY_SECONDS, "it does not answer"
        while True:
            try:
                if question():
                    return
            except (OSError, ValueError, psycopg.Error) as error:
                why = str(error)
            if time.monotonic() > until:
                raise SystemExit(f"AgentX did not get ready: {why}\n{self.said()[-3000:]}")
            time.sleep(0.2)

    def said(self) -> str:
        return (self.home / "output.txt").read_text(errors="replace")


@contextlib.contextmanager
def place(web_workers: int) -> Iterator[Place]:
    """Up, with its plugins started and the agent elsewhere registered; ended as a person ends it."""
    with tempfile.TemporaryDirectory(prefix="agentx-soak-") as folder:
        Path(folder).chmod(0o711)
        here = Place(Path(folder), free_port(), free_port())
        ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        environment |= {"AGENTX_WEBHOOK_ALLOW": "127.0.0.0/8"}
        program = [sys.executable, "-m", "agentx_site.up", "--home", folder]
        program += [
            "--port",
            here.url.rpartition(":")[2],
            "--grpc-port",
            here.grpc.rpartition(":")[2],
        ]
        program += ["--web-workers", str(web_workers)]
        with (here.home / "output.txt").open("wb") as output:
            child = subprocess.Popen(program, cwd=PROJECT, env=environment, stdout=output, stderr=output)  # fmt: skip
        try:
            here.start_far()
            here.await_ready(lambda: "Ctrl-C ends everything." in here.said())
            here.ask("POST", "/api/v1/plugins/conformance/start")
            card = f"http://127.0.0.1:{here.far_port}/.well-known/agent-card.json"
            here.await_ready(lambda: urllib.request.urlopen(card, timeout=5).status == 200)
            here.ask("POST", "/api/v1/agents/register", {"card_url": card, "name": REMOTE})
            here.await_ready(
                lambda: {f"plugin {each}" for each in PLUGINS} <= set(here.processes())
            )
            yield here
        finally:
            child.terminate()
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                print("it did not end within 60 s of being asked to")
                child.kill()
            if here.far is not None:
                here.far.kill()
                here.far.wait()
