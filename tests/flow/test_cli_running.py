"""The command line beside a whole AgentX."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.installation import Installation

BREAKS = """import os.path
if os.path.exists("broken"):
    import nothing_like_it
"""
PLUGIN = """
from agentx_sdk import Adapter, run


class Brittle(Adapter):
    async def process(self, turn):
        return turn.text.upper()


run(Brittle())
"""
MANIFEST = """
metadata: {name: brittle, version: 0.1.0}
framework: custom
runtime: {language: python, entrypoint: main.py}
agents: [{slug: brittle, name: Brittle}]
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    installation = Installation()
    try:
        yield installation.start()
    finally:
        installation.remove()


def agentx(
    site: Installation, *arguments: str, input: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agentx_site.cli", *arguments],
        input=input,
        capture_output=True,
        text=True,
        timeout=90,
        env=os.environ | {"AGENTX_HOME": str(site.home)},
    )


def told(site: Installation, *arguments: str) -> Any:
    done = agentx(site, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def processes(site: Installation) -> list[int]:
    return [process["pid"] for process in told(site, "plugin", "show", "echo")["processes"]]


def test_an_agent_answers(site: Installation) -> None:
    assert agentx(site, "send", "echo", "hello").stdout == "hello\n"
    assert agentx(site, "send", "echo", "-", input="from a pipe").stdout == "from a pipe\n"
    assert told(site, "send", "echo", "hello")["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


def test_an_answer_streams(site: Installation) -> None:
    assert agentx(site, "send", "echo", "one two three", "--stream").stdout == "one two three\n"
    done = agentx(site, "send", "echo", "one two", "--stream", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert next(iter(events[0])) == "task"
    assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


def test_a_conversation_goes_on(site: Installation) -> None:
    context = told(site, "send", "echo", "first")["task"]["contextId"]
    again = told(site, "send", "echo", "second", "--context", context)["task"]
    assert again["contextId"] == context
    rows = told(site, "task", "list", "--context", context)
    assert len(rows) == 2


def test_what_cannot_be_sent_is_one_sentence(site: Installation) -> None:
    done = agentx(site, "send", "nobody", "hello")
    assert (done.returncode, done.stderr) == (1, "agentx: There is no agent 'nobody'.\n")
    refused = agentx(site, "send", "echo", "hello", "--key", "agx_0000000000_nonsense")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "expired or revoked" in refused.stderr


def test_plugin_verbs_come_back_when_it_is_so(site: Installation) -> None:
    first = processes(site)
    assert agentx(site, "plugin", "scale", "echo", "2").stdout == "echo runs in 2 processes\n"
    two = processes(site)
    assert len(set(two)) == 2
    assert agentx(site, "plugin", "restart", "echo").returncode == 0
    assert not set(processes(site)) & {*first, *two}
    assert agentx(site, "plugin", "pause", "echo").stdout == "echo is paused\n"
    assert agentx(site, "plugin", "restart", "echo").stdout == "echo is paused\n"  # and replaced
    assert "paused" in agentx(site, "send", "echo", "hello").stderr
    assert agentx(site, "plugin", "resume", "echo").returncode == 0
    assert agentx(site, "send", "echo", "hello").stdout == "hello\n"
    assert agentx(site, "plugin", "stop", "echo").stdout == "echo is stopped\n"
    assert told(site, "plugin", "stop", "echo")["state"] == "unloaded"
    assert processes(site) == []
    assert agentx(site, "plugin", "start", "echo").stdout == "echo is running\n"
    assert agentx(site, "plugin", "scale", "echo", "1").returncode == 0


def test_a_replacement_that_does_not_start_is_told_at_once(
    site: Installation, tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text(BREAKS + PLUGIN)
    (tmp_path / "plugin.yaml").write_text(MANIFEST)
    assert agentx(site, "plugin", "install", str(tmp_path)).returncode == 0
    assert agentx(site, "plugin", "start", "brittle").returncode == 0
    broken = site.home / "work" / "brittle" / "0" / "broken"
    broken.touch()
    # What happened at the first time is not taken for what happens at the second.
    for _ in range(2):
        refused = agentx(site, "plugin", "restart", "brittle", "--timeout", "20")
        assert refused.returncode == 1
        assert "the earlier process goes on" in refused.stderr
        assert "nothing_like_it" in refused.stderr
        assert agentx(site, "send", "brittle", "hello").stdout == "HELLO\n"
    broken.unlink()
    assert agentx(site, "plugin", "restart", "brittle").stdout == "brittle is running\n"
    assert "→ running" in agentx(site, "plugin", "events", "brittle").stdout
    assert agentx(site, "plugin", "uninstall", "brittle").returncode == 0


def test_logs_are_shown(site: Installation) -> None:
    deadline = time.monotonic() + 10
    while not (lines := told_lines(site)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert {"time", "level", "text", "ordinal"} <= lines[-1].keys()


def told_lines(site: Installation) -> list[dict[str, Any]]:
    done = agentx(site, "plugin", "logs", "echo", "--limit", "5", "--json")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_status_and_doctor_are_content(site: Installation) -> None:
    shown = told(site, "status")
    assert shown["ready"]
    assert {row["name"] for row in shown["plugins"]} >= {"echo", "slow-echo"}
    odd = [finding["what"] for finding in told(site, "doctor") if finding["grade"] != "good"]
    # What the machine cannot put around plugins is told, and nothing is wrong with AgentX.
    assert all("confined" in what or "as root" in what for what in odd), odd
    assert "echo" in agentx(site, "status").stdout


def test_the_doctor_sees_what_is_wrong(site: Installation) -> None:
    (site.home / "credentials.json").chmod(0o644)
    done = agentx(site, "doctor")
    assert done.returncode == 1
    assert "chmod 600" in done.stdout
    (site.home / "credentials.json").chmod(0o600)
    site.stop()
    away = agentx(site, "doctor")
    assert away.returncode == 1
    assert "`agentx up`" in away.stdout
    assert agentx(site, "status").returncode == 1
