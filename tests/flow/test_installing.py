"""Installing, upgrading and going back from the command line of a whole AgentX, under a stream of messages."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.system import System, texts, until

MAIN = """
from agentx_sdk import Adapter, run


class Told(Adapter):
    async def process(self, turn):
        return "{version}"


run(Told())
"""
MANIFEST = """
metadata: {{name: told, version: {version}}}
runtime: {{language: python, entrypoint: main.py}}
requirements: requirements.txt
agents: [{{slug: told, retry: undelivered}}]
"""
COMPLETED = "TASK_STATE_COMPLETED"


class Alone(System):
    """Its installers find no index."""

    settings = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with Alone() as system:
        yield system


def agentx(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agentx_site.cli", "plugin", *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        env=os.environ | {"AGENTX_HOME": str(system.home)},
    )


def folder_of(tmp_path: Path, version: str, requirements: str = "") -> str:
    folder = tmp_path / version
    folder.mkdir()
    (folder / "plugin.yaml").write_text(MANIFEST.format(version=version))
    (folder / "main.py").write_text(MAIN.format(version=version))
    (folder / "requirements.txt").write_text(requirements)
    return str(folder)


@contextmanager
def stream(system: System) -> Iterator[list[dict[str, Any]]]:
    """Two callers, one message after the other; what came of each."""
    tasks: list[dict[str, Any]] = []
    over = threading.Event()

    def send(caller: int) -> None:
        number = 0
        while not over.is_set():
            tasks.append(system.send("told", "x", f"{id(tasks)}-{caller}-{number}"))
            number += 1

    callers = [threading.Thread(target=send, args=(each,)) for each in range(2)]
    for caller in callers:
        caller.start()
    try:
        yield tasks
    finally:
        over.set()
        for caller in callers:
            caller.join()


def test_installed_upgraded_failed_gone_back_and_removed(system, tmp_path):
    done = agentx(system, "install", folder_of(tmp_path, "1.0.0"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "told 1.0.0 is installed: start it with `agentx plugin start told`\n"
    assert agentx(system, "start", "told").returncode == 0
    with stream(system) as tasks:
        until(lambda: len(tasks) > 3)
        done = agentx(system, "install", folder_of(tmp_path, "1.1.0", "idna==3.10"))
        assert done.returncode == 1
        assert "1.1.0 could not be installed: The package index cannot be reached." in done.stderr
        count = len(tasks)
        until(lambda: len(tasks) > count + 3)
        assert {texts(task) for task in tasks} == {"1.0.0"}
        done = agentx(system, "install", folder_of(tmp_path, "1.2.0"))
        assert done.returncode == 0, done.stderr
        until(lambda: texts(tasks[-1]) == "1.2.0", 30)
        done = agentx(system, "rollback", "told")
        assert (done.returncode, done.stdout) == (0, "told has 1.0.0\n"), done.stderr
        until(lambda: texts(tasks[-1]) == "1.0.0", 30)
    assert {task["status"]["state"] for task in tasks} == {COMPLETED}
    rows = json.loads(agentx(system, "releases", "told", "--json").stdout)
    assert [(row["version"], row["state"], row["is_current"]) for row in rows] == [
        ("1.2.0", "ready", False),
        ("1.1.0", "failed", False),
        ("1.0.0", "ready", True),
    ]
    done = agentx(system, "upgrade", "told")
    assert (done.returncode, done.stdout) == (0, "told has 1.2.0\n"), done.stderr
    assert agentx(system, "releases", "told", "--remove", "1.1.0").returncode == 0
    assert agentx(system, "uninstall", "told").returncode == 0
    ids = {row["id"] for row in rows}
    until(lambda: not ids & {path.name for path in (system.home / "releases").iterdir()}, 45)
    until(lambda: not (system.home / "work" / "told").exists(), 45)


def test_a_start_says_why_its_release_is_not_there(system, tmp_path):
    assert agentx(system, "install", folder_of(tmp_path, "3.0.0", "idna==3.10")).returncode == 1
    done = agentx(system, "start", "told")
    assert done.returncode == 1
    assert "3.0.0 could not be installed: The package index cannot be reached." in done.stderr
