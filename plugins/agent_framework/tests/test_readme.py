"""Every team, workflow and own code that the README shows can be made."""

import re
from pathlib import Path

import pytest
import yaml

README = (Path(__file__).parents[1] / "README.md").read_text()
SHOWN = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
WHOLE = [config for config in SHOWN if {"team", "workflow", "code"} & set(config)]


@pytest.mark.parametrize("config", WHOLE)
async def test_what_the_readme_shows_answers(hosting, config):
    async with hosting(shown=config) as plugin:
        assert (await plugin.send("hello")).state in ("completed", "input_required")


def test_the_readme_shows_them():
    assert len(WHOLE) >= 3
