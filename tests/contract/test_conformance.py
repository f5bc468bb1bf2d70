"""Every bundled plugin conforms, and nothing that should have been checked is skipped."""

from pathlib import Path

import pytest
from agentx_sdk.conformance import run
from agentx_sdk.testing.program import program

ROOT = Path(__file__).parents[2]
# What these may skip; everything else must be checked. Any other plugin may skip what it has not.
NO_TOOLS = {"tools.listed", "tools.arguments", "tools.bad_json", "tools.run"}
NO_SCHEMA = {"config.schema", "config.refused", "config.initialize", "config.validate_refuses"}
NO_MEMORY = {"memory.returned", "memory.failed", "memory.new_process"}
MAY_SKIP = {
    "echo": NO_TOOLS | NO_SCHEMA | NO_MEMORY,
    "shapes": {"calls.not_waiting"},
}
# Those with a lock of their own are checked in their own environments: tests/frameworks.
FOLDERS = sorted(
    path.parent
    for path in (ROOT / "plugins").glob("*/plugin.yaml")
    if not (path.parent / "requirements.in").exists()
)


@pytest.mark.asyncio
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
async def test_it_conforms(folder):
    if program(folder).manifest["runtime"]["language"] != "python":
        pytest.skip("it is tested with its own environment")
    report = await run(folder)
    assert report.passed, report.text()
    if folder.name in MAY_SKIP:
        skipped = {each.check.id for each in report.results if each.outcome == "skipped"}
        assert skipped <= MAY_SKIP[folder.name]
