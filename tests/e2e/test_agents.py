"""Agents that people make of a plugin: by the form that its schema draws, or as a text."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SOON = 20_000  # milliseconds
AGENTS = "/plugins/showing/agents/"


def row(page: Page, slug: str) -> Locator:
    """Of an agent, once its process has made it."""
    found = page.get_by_role("row").filter(has=page.locator(f"code:text-is('{slug}')"))
    expect(found.locator(".ax-chip").first).to_have_attribute("data-state", "ready", timeout=SOON)
    return found


def config_of(agentx: System, slug: str) -> Any:
    return agentx.get(f"/api/v1/plugins/showing/agents/{slug}")[1]["config"]


def test_an_agent_with_a_team_is_made_by_a_form_and_tried(
    console: Page, agentx: System, showing: int
) -> None:
    console.goto("/plugins/showing/")
    console.get_by_role("link", name="Agents", exact=True).last.click()
    console.get_by_role("link", name="Add an agent").click()
    console.get_by_label("Address").fill("my-team")
    console.get_by_label("Name", exact=True).first.fill("My team")
    console.locator("[name='/instructions']").fill("You lead.\nGently.")
    console.locator("[name='/tools/0']").fill("clock")
    team = console.locator("[data-rows='/team']")
    # Without a script there is one more to fill in; with one, as many as one likes.
    team.get_by_role("button", name="Add another").last.click()
    console.locator("[name='/team/1/name']").fill("x")
    console.locator("[name='/team/1/tools/0']").fill("calculator")
    console.get_by_role("button", name="Make the agent").click()
    expect(console.get_by_role("alert").first).to_contain_text("Nothing was saved")
    wrong = console.locator("[aria-invalid=true]")
    expect(wrong).to_have_count(1)
    wrong.fill("Ann")
    console.get_by_role("button", name="Make the agent").click()
    made = row(console, "my-team")
    expect(made).to_contain_text("clock")
    assert config_of(agentx, "my-team") == {
        "instructions": "You lead.\nGently.",
        "tools": ["clock"],
        "team": [{"name": "Ann", "tools": ["calculator"]}],
    }
    made.get_by_role("link", name="Try it").click()
    console.wait_for_load_state()
    console.get_by_label("Message", exact=True).fill("hello")
    console.keyboard.press("Enter")
    expect(console.locator(".said[data-role=agent]")).to_contain_text("1 thing", timeout=SOON)


def test_it_is_changed_as_a_text_and_errors_name_their_line(
    console: Page, agentx: System, showing: int
) -> None:
    console.goto(f"{AGENTS}showing/?view=raw&format=yaml")
    text = console.locator("#config-text")
    text.fill("instructions: Be brief.\nteam:\n  - name: x\n")
    console.get_by_role("button", name="Save").click()
    expect(console.get_by_role("alert")).to_contain_text(re.compile(r"team\.0\.name.*line 3"))
    text.fill("instructions: Be brief.\n")
    console.get_by_role("button", name="Save").click()
    expect(row(console, "showing")).to_contain_text("changed by admin")
    assert config_of(agentx, "showing") == {"instructions": "Be brief."}
    row(console, "showing").get_by_role("button", name="Reset").click()
    console.get_by_role("dialog").get_by_role("button", name="Reset it").click()
    expect(row(console, "showing")).not_to_contain_text("changed")


def test_one_is_duplicated_removed_and_brought_back(console: Page, showing: int) -> None:
    console.goto(AGENTS)
    row(console, "showing").get_by_role("link", name="Duplicate").click()
    expect(console.get_by_label("Address")).to_have_value("showing-2")
    console.get_by_role("button", name="Make the agent").click()
    row(console, "showing-2").get_by_role("button", name="Remove").click()
    console.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(console.locator("code:text-is('showing-2')")).to_have_count(0)
    console.get_by_role("button", name="Undo").click()
    expect(row(console, "showing-2")).to_be_visible()


def test_an_address_that_is_taken_is_told_at_its_field(console: Page, showing: int) -> None:
    console.goto(f"{AGENTS}new/")
    console.get_by_label("Address").fill("echo")
    console.get_by_role("button", name="Make the agent").click()
    expect(console.locator(".field").filter(has_text="Address")).to_contain_text("echo")
    expect(console.locator(".field .errorlist")).to_have_count(1)
