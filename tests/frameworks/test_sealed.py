"""No framework phones home, and none writes outside its own folder (what is watched, and how: sealed.py)."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.frameworks.frameworks import every

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of a short path: sockets are made in it, and those of a long one would be made elsewhere."""
    with tempfile.TemporaryDirectory(prefix="sealed-", dir="/tmp") as outer:
        inner = Path(outer, "in")
        inner.mkdir()
        yield inner


def run(name: str, folder: Path) -> dict:
    """Skips where the kernel gives no namespaces to this user; in CI that is an error."""
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'sdk' / 'python'}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.frameworks.sealed", name, str(folder)],
        cwd=ROOT, env=os.environ | paths, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    if "in own_network" in done.stderr or "in write_only_to" in done.stderr:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(done.stderr[-300:])
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_whoever_reaches_out_is_seen(folder):
    told = run("reach out", folder)
    assert "tcp 192.0.2.1:443" in told["strangers"]
    if Path("/proc/net/if_inet6").exists():
        assert "tcp 2001:db8::1:443" in told["strangers"]
    assert "udp 192.0.2.2:4319" in told["strangers"]
    assert any(each.endswith(":53") for each in told["strangers"])
    assert told["outside"] == "Read-only file system"


@every
def test_it_asks_nobody_but_the_model_and_writes_nowhere_else(framework, folder):
    told = run(framework.name, folder)
    assert told["said"] == [
        "You said: my name is Ann",
        "Your name is Ann.",
        "The tool says: sunny in Oslo.",
        "model_failed",
    ]
    assert told["strangers"] == []
    assert told["seen"]
    assert "Read-only file system" not in told["log"], told["log"]
