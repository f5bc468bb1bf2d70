"""The guide's two plugins, written from it and nothing else: their tests, and one conformance report."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import guide, node_sdk
from tests.node_sdk import ROOT

PYTHON = os.environ | {"PYTHONPATH": str(ROOT / "sdk" / "python")}
# What a report may leave out: the guide's agent gives no answer of 16 MiB.
NOT_THERE = {
    "calls.large_answer",
    "config.secrets",
    "memory.returned",
    "memory.failed",
    "memory.new_process",
}


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    guide.write_plugins(folder)
    return folder


@pytest.fixture(scope="module")
def node(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sdk = node_sdk.copied_to(tmp_path_factory.mktemp("node"))
    node_sdk.lend(sdk, plugins / "notes-node")
    return plugins / "notes-node"


def outcomes(folder: Path) -> dict[str, str]:
    """Of each check of the conformance suite."""
    command = [sys.executable, "-m", "agentx_sdk.conformance", str(folder), "--json"]
    done = subprocess.run(
        command, env=PYTHON, capture_output=True, text=True, timeout=180, check=False
    )
    report: dict[str, Any] = json.loads(done.stdout)
    failed = [each for each in report["checks"] if each["outcome"] == "failed"]
    assert not failed, json.dumps(failed, indent=1)
    assert done.returncode == 0
    return {each["id"]: each["outcome"] for each in report["checks"]}


def test_the_python_plugin_passes_its_own_tests(plugins):
    command = [sys.executable, "-m", "unittest", "discover", "tests"]
    done = subprocess.run(
        command, cwd=plugins / "notes-python", env=PYTHON,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr


@pytest.mark.network
def test_the_node_plugin_passes_its_own_tests(node):
    done = node_sdk.run(node, "npm", "test")
    assert done.returncode == 0, done.stdout


@pytest.mark.network
def test_both_have_the_same_conformance_report_and_it_is_green(plugins, node):
    with ThreadPoolExecutor(2) as side_by_side:
        python, javascript = side_by_side.map(outcomes, (plugins / "notes-python", node))
    assert python == javascript
    skipped = {name for name, outcome in python.items() if outcome != "passed"}
    assert skipped <= NOT_THERE
