"""What a plugin.yaml says of configurations is what the plugin's classes read."""

import pytest
import yaml

from agentx_site.cli.yaml_blocks import replaced, without
from tests.frameworks import schemas

TEXT = """\
metadata: { name: x }

# What an operator sets.
config_schema:
  type: object

  properties: {}

# Behind it.
agent_schema: { type: object }
config: {}
"""


@pytest.mark.parametrize("folder", schemas.folders(), ids=lambda folder: folder.name)
def test_the_manifest_has_the_schemas_of_the_classes(folder):
    written = schemas.of_manifest(folder)
    assert written == schemas.of_classes(folder), (
        f"run: python -m tests.frameworks.schemas plugins/{folder.name}"
    )


def test_a_schema_takes_its_place_and_leaves_the_rest():
    once = replaced(TEXT, "config_schema", {"type": "object", "title": "new"})
    assert yaml.safe_load(once)["config_schema"] == {"type": "object", "title": "new"}
    assert once.endswith(TEXT[TEXT.index("\n# Behind it.") :])
    assert once.startswith(TEXT[: TEXT.index("config_schema")])
    assert replaced(once, "config_schema", {"type": "object", "title": "new"}) == once


def test_one_in_a_line_is_replaced_too():
    once = replaced(TEXT, "agent_schema", {"type": "object", "title": "new"})
    assert yaml.safe_load(once)["agent_schema"]["title"] == "new"
    assert yaml.safe_load(once)["config"] == {}


def test_one_is_taken_out():
    assert without(TEXT, "config_schema") == TEXT.replace(
        "config_schema:\n  type: object\n\n  properties: {}\n", ""
    )
    assert without(TEXT, "nope") == TEXT


def test_a_schema_that_is_not_there_is_added():
    once = replaced("metadata: {}\n", "agent_schema", {"type": "object"})
    assert yaml.safe_load(once) == {"metadata": {}, "agent_schema": {"type": "object"}}
    assert replaced(once, "agent_schema", {"type": "object"}) == once
