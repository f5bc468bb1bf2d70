"""An author at work beside a whole AgentX: the guide's commands as they stand, saving under `dev`, a debugger's process."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import guide
from tests.flow.installation import Installation
from tests.node_sdk import ROOT
from tests.system import until

AGENTX = [sys.executable, "-m", "agentx_site.cli"]


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    installation = Installation()
    try:
        yield installation.start()
    finally:
        installation.remove()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the author works: the guide's two plugins are written, and `agentx` is a command."""
    folder = tmp_path_factory.mktemp("desk")
    guide.write_plugins(folder)
    shim = folder / "bin" / "agentx"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(AGENTX)} "$@"\n')
    shim.chmod(0o755)
    return folder


def environment(site: Installation, desk: Path | None = None) -> dict[str, str]:
    path = f"{desk / 'bin'}:{os.environ['PATH']}" if desk else os.environ["PATH"]
    return os.environ | {"AGENTX_HOME": str(site.home), "PYTHONPATH": str(ROOT), "PATH": path}


def agentx(site: Installation, *arguments: str, input: str = "") -> str:
    done = subprocess.run(
        [*AGENTX, *arguments], input=input, env=environment(site),
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def pids(site: Installation, name: str) -> list[int]:
    return [
        each["pid"]
        for each in json.loads(agentx(site, "plugin", "show", name, "--json"))["processes"]
    ]


@contextmanager
def at_work(site: Installation, output: Path, *arguments: str) -> Iterator[Any]:
    """A command that goes on until Ctrl-C; what it prints."""
    with output.open("w") as file:
        process = subprocess.Popen(
            [*AGENTX, "plugin", *arguments], env=environment(site),
            stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def interrupt(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C goes to all of a terminal's group."""
    os.killpg(process.pid, signal.SIGINT)
    return process.wait(30)


@pytest.mark.network
@pytest.mark.timeout(240)
def test_the_guides_commands_do_what_it_says(site, desk):
    assert len(guide.commands()) > 10
    here = {"~/agentx/.venv/bin/python": sys.executable, "~/agentx": str(ROOT)}
    for command, lines in guide.commands():
        typed = command
        for name, meant in here.items():
            typed = typed.replace(name, meant)
        done = subprocess.run(
            ["/bin/bash", "-c", typed], cwd=desk, env=environment(site, desk),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        assert not lines or guide.as_told(done.stdout, lines), f"$ {command}\n{done.stdout}"
        if key := re.search(r"^public key +(\S+)$", done.stdout, re.MULTILINE):
            here["PUBLIC_KEY"] = key[1]


@pytest.mark.timeout(120)
def test_what_is_saved_takes_over_and_what_is_broken_changes_nothing(site, tmp_path):
    agentx(site, "plugin", "new", "saved", "--into", str(tmp_path / "saved"))
    main, said = tmp_path / "saved" / "main.py", tmp_path / "said"
    good = main.read_text()
    with at_work(site, said, "dev", str(tmp_path / "saved")) as dev:
        until(lambda: said.read_text().count("is running after") == 1, 60)
        assert agentx(site, "send", "saved", "hello") == "You said: hello\n"
        main.write_text(good.replace("turn.text}", "turn.text}!"))
        until(lambda: said.read_text().count("is running after") == 2, 30)
        assert agentx(site, "send", "saved", "hello") == "You said: hello!\n"
        main.write_text("x = (\n")
        until(lambda: "SyntaxError: '(' was never closed" in said.read_text(), 30)
        assert agentx(site, "send", "saved", "hello") == "You said: hello!\n"
        manifest = main.with_name("plugin.yaml")
        text = manifest.read_text()
        manifest.write_text(text.replace("\nframework:", "\nfrmework:"))
        until(lambda: "frmework" in said.read_text(), 30)
        manifest.write_text(text)
        main.write_text(good.replace("turn.text}", "turn.text}?"))
        until(lambda: agentx(site, "send", "saved", "hello") == "You said: hello?\n", 40)
        assert dev.poll() is None
        assert interrupt(dev) == 0
    assert "saved is stopped" in said.read_text()
    assert json.loads(agentx(site, "plugin", "show", "saved", "--json"))["desired"] == "stopped"


@pytest.mark.timeout(120)
def test_a_process_started_by_hand_stands_in_until_it_ends(site, desk, tmp_path):
    notes = str(desk / "notes-python")
    agentx(site, "plugin", "install", notes)
    agentx(site, "plugin", "start", "notes-python")
    ours, said = pids(site, "notes-python"), tmp_path / "said"
    with at_work(site, said, "run", notes, "--attach") as run:
        until(lambda: "AgentX uses process" in said.read_text(), 30)
        until(lambda: pids(site, "notes-python") != ours, 30)
        (pid,) = pids(site, "notes-python")
        assert f"AgentX uses process {pid} " in said.read_text()
        assert '"token"' not in said.read_text()
        assert agentx(site, "send", "notes-python", "note milk") == "Noted.\n"
        assert interrupt(run) == 0
    until(lambda: pids(site, "notes-python") not in ([], [pid]), 30)
    assert agentx(site, "send", "notes-python", "note milk") == "Noted.\n"


@pytest.mark.timeout(120)
def test_a_printed_line_attaches_and_detach_lets_go(site, desk, tmp_path):
    notes, said = str(desk / "notes-python"), tmp_path / "said"
    agentx(site, "plugin", "install", notes)
    agentx(site, "plugin", "start", "notes-python")
    with at_work(site, said, "run", notes) as run:
        until(lambda: '"launch_id"' in said.read_text(), 30)
        (line,) = (line for line in said.read_text().splitlines() if '"launch_id"' in line)
        pid = json.loads(line)["pid"]
        told = agentx(site, "plugin", "attach", "notes-python", "-", input=line)
        assert f"AgentX uses process {pid}" in told
        assert pids(site, "notes-python") == [pid]
        agentx(site, "plugin", "detach", "notes-python")
        until(lambda: pids(site, "notes-python") not in ([], [pid]), 30)
        assert run.poll() is None  # it is its author's: nobody ended it
        assert interrupt(run) == 0
