"""Every framework plugin keeps the whole contract, and its own tests pass in its own environment."""

import pytest
from agentx_sdk.conformance import run

from tests.frameworks import environments
from tests.frameworks.frameworks import every, model

pytestmark = every
# What plugins around a model have not; everything else is checked.
MAY_SKIP = {
    "calls.large_answer",  # a model's answer is never that large
    "config.secrets",  # the keys of an agent are deeper: tests/frameworks/test_failing.py
    "state.save",  # what they remember goes with each turn, not with the process
    "state.moves",
    "turns.ask",  # asked of each in its own tests
}


@pytest.mark.timeout(300)
@pytest.mark.asyncio
async def test_it_keeps_the_contract(framework, stub):
    report = await run(
        framework.folder, python=framework.python, patience=60, config={"model": model(stub)}
    )
    assert report.passed, report.text()
    skipped = {each.check.id for each in report.results if each.outcome == "skipped"}
    assert skipped <= MAY_SKIP


@pytest.mark.timeout(300)
def test_its_own_tests_pass(framework):
    done = environments.run_own_tests(framework.name, quiet=True)
    assert done.returncode == 0, done.stdout[-6000:]
