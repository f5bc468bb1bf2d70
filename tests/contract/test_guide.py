"""The guide's blocks, run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from agentx_sdk.testing import PluginProcess

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "write-a-plugin.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def shout(tmp_path) -> Path:
    main, test, _ = blocks("python")
    manifest, _ = blocks("yaml")
    for name, text in (("main.py", main), ("test_shout.py", test), ("plugin.yaml", manifest)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_smallest_plugin_passes_its_own_test(shout):
    done = subprocess.run(
        [sys.executable, "test_shout.py"],
        cwd=shout,
        env={"PYTHONPATH": str(ROOT / "sdk" / "python")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_its_manifest_is_one(shout):
    manifest = yaml.safe_load((shout / "plugin.yaml").read_text())
    assert manifest["agents"][0]["slug"] == manifest["metadata"]["name"] == "shout"


@pytest.mark.asyncio
async def test_the_second_plugin_streams_asks_and_fails(tmp_path):
    (tmp_path / "main.py").write_text(blocks("python")[2])
    async with PluginProcess(tmp_path) as plugin:
        answer = await plugin.stream_all("ants")
        assert (answer.state, answer.text) == ("completed", "All about ants# ants")
        assert (await plugin.send("")).question == "A report about what?"
        failed = await plugin.send("nonsense")
        assert (failed.state, failed.error_code) == ("failed", "no_topic")
