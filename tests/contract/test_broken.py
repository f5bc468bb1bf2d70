"""For each rule a plugin that breaks it: a check that cannot fail checks nothing."""

import shutil
import sys
from pathlib import Path

import pytest
from agentx_sdk.conformance import all_checks, run

PLUGINS = Path(__file__).parent / "plugins"
sys.path.insert(0, str(PLUGINS / "broken"))
import faults  # noqa: E402 - a plugin's own module

sys.path.remove(str(PLUGINS / "broken"))


@pytest.fixture
def broken(tmp_path):
    """The folder of a plugin with this fault."""

    def make(fault: str) -> Path:
        for name in ("complete", "broken"):
            shutil.copytree(PLUGINS / name, tmp_path / name)
        folder = tmp_path / "broken"
        shutil.copytree(PLUGINS / "complete" / "tests", folder / "tests")
        manifest = (PLUGINS / "complete" / "plugin.yaml").read_text()
        (folder / "plugin.yaml").write_text(f"{manifest}\nenvironment:\n  FAULT: {fault}\n")
        return folder

    return make


@pytest.mark.asyncio
async def test_the_complete_plugin_breaks_no_rule_and_leaves_none_unchecked():
    report = await run(PLUGINS / "complete")
    assert {result.outcome for result in report.results} == {"passed"}, report.text()


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", faults.FAULTS)
async def test_a_broken_rule_is_found(broken, fault):
    report = await run(broken(fault), only=[fault], patience=8)
    outcome = {result.check.id: result for result in report.results}[fault]
    assert outcome.outcome == "failed", outcome
    assert outcome.reason
    assert not report.passed


def test_most_checks_have_a_plugin_that_breaks_their_rule():
    checks = {check.id for check in all_checks()}
    assert set(faults.FAULTS) <= checks
    assert len(faults.FAULTS) > 0.6 * len(checks)
