"""The form of a configuration, with the scripts that add rows and read files."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SETTINGS = Path(__file__).resolve().parents[1] / "plugins" / "settings"
CANARY = "canary-b2b2"


def test_rows_are_added_a_secret_is_kept_and_a_file_is_read(
    console: Page, agentx: System, tmp_path: Path
) -> None:
    status, _plugin = agentx.http("POST", "/api/v1/plugins/load", {"path": str(SETTINGS)})
    assert status == 201
    console.goto("/plugins/settings/configure/")
    console.locator("[name='/greeting']").fill("Hi")
    tags = console.locator("[data-rows='/tags']")
    console.locator("[name='/tags/0']").fill("one")
    tags.get_by_role("button", name="Add another").click()
    console.locator("[name='/tags/1']").fill("two")
    console.locator("[data-rows='/servers']").get_by_role("button", name="Add another").click()
    console.locator("[name='/servers/1/url']").fill("http://a/")
    console.locator("[name='/servers/1/token']").fill(CANARY)
    console.get_by_role("button", name="Save").click()
    expect(console.get_by_text("Revision 1 is saved.")).to_be_visible()
    assert CANARY not in console.content()
    config = wanted(agentx)
    assert config == {
        "greeting": "Hi",
        "tags": ["one", "two"],
        "servers": [{"url": "http://a/", "token": {"$secret": "servers.0.token@1"}}],
    }

    console.goto("/plugins/settings/configure/?view=raw&format=yaml")
    file = tmp_path / "mine.toml"
    file.write_text('greeting = "From a file"\n')
    console.locator("#config-file").set_input_files(file)
    expect(console.locator("#config-text")).to_have_value('greeting = "From a file"\n')
    console.get_by_role("button", name="Save").click()
    expect(console.get_by_text("Revision 2 is saved.")).to_be_visible()
    assert wanted(agentx) == {"greeting": "From a file"}


def wanted(agentx: System) -> Any:
    return agentx.get("/api/v1/plugins/settings/config")[1]
