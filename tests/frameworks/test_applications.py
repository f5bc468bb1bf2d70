"""`agentx plugin new --framework`: what it makes answers at once, in the framework's own environment."""

import subprocess
import sys

import pytest
from agentx_sdk.testing import PluginProcess
from click.testing import CliRunner

from agentx_site.cli import applications
from agentx_site.cli.root import agentx
from tests.frameworks import environments
from tests.frameworks.frameworks import model

pytestmark = pytest.mark.network


def made(folder, framework, *options):
    told = CliRunner().invoke(
        agentx, ["plugin", "new", "mine", "--framework", framework, "--into", str(folder), *options]
    )
    assert told.exit_code == 0, told.output


@pytest.mark.asyncio
@pytest.mark.parametrize("framework", applications.frameworks("python"))
async def test_every_framework_answers_with_an_application_of_its_own(framework, tmp_path, stub):
    folder = tmp_path / "mine"
    made(folder, framework)
    python = str(environments.python_of(framework.replace("-", "_")))
    config = {"model": model(stub)}
    async with PluginProcess(folder, python=python, config=config, timeout=60) as plugin:
        answer = await plugin.send("hello", timeout=60)
    assert answer.state == "completed", answer.error
    assert "hello" in answer.text


def test_its_own_tests_pass_at_once(tmp_path):
    folder = tmp_path / "refunds"
    desk = environments.PLUGINS / "langgraph" / "examples" / "shop" / "desk.py"
    made(folder, "langgraph", "--code", f"{desk}:graph")
    python = str(environments.python_of("langgraph"))
    command = [sys.executable, "-m", "agentx_site.cli", "plugin", "test", "--own"]
    done = subprocess.run(
        [*command, "--python", python, str(folder)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr
