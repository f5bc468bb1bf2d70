"""The catalogue's cards: how far each plugin is from one click to an agent that answers."""

import re

import pytest

from plugins_app.models import Package, Plugin, Preparation
from registry.models import Node
from tests.callers import console
from tests.factories import make_agent, make_node, make_plugin

pytestmark = pytest.mark.django_db
LINES = [f"line {number}" for number in range(20)]


@pytest.fixture
def plugin() -> Plugin:
    """A framework as it is after `agentx up`: taken in, not prepared."""
    agents = (make_agent("langgraph"), make_agent("langgraph-plan", state="error"))
    plugin = make_plugin("langgraph", agents=agents, framework="langgraph")
    assert plugin.release is not None
    digest = {
        "name": "langgraph",
        "version": "1.0.0",
        "digest": "1" * 64,
        "manifest": {},
        "size": 1,
    }
    plugin.release.package = Package.objects.create(**digest)
    plugin.release.save()
    make_node()
    return plugin


def card(role: str = "admin") -> str:
    page = console(role).get("/catalogue/").content.decode()
    (found,) = re.findall(r'<div class="standing" id="standing-langgraph".*?</li>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))


def test_one_that_is_not_prepared_is_one_click_away(plugin: Plugin) -> None:
    assert "Install and start" in card()
    assert "Install and start" in card("operator")
    assert "Install and start" not in card("viewer")


def test_what_is_made_with_a_framework_is_not_shown_as_the_framework() -> None:
    Package.objects.create(
        name="my-app",
        version="1.0.0",
        digest="2" * 64,
        size=1,
        description="Sells teapots.",
        manifest={"framework": "langgraph"},
        listed=True,
        latest=True,
    )
    page = console("admin").get("/catalogue/").content.decode()
    (shown,) = re.findall(r'<a href="/catalogue/my-app/">.*?standing-my-app', page, re.DOTALL)
    assert "Sells teapots." in shown
    assert "my-app</a>" in shown
    assert "Graphs that branch" not in shown


def test_a_click_has_it_prepared_and_wants_it_to_run(plugin: Plugin) -> None:
    console("admin").post("/packages/start/", {"name": "langgraph"})
    plugin.refresh_from_db()
    assert plugin.desired == "running"
    assert Preparation.objects.filter(release=plugin.release).exists()


def test_how_far_it_is_is_told(plugin: Plugin) -> None:
    Preparation.objects.create(
        release=plugin.release,
        node=Node.objects.get(),
        state="environment",
        progress=42,
        lines=LINES,
    )
    told = card()
    assert "42 %" in told and "line 19" in told and "line 18" not in told
    assert "Install" not in told


def test_what_failed_shows_the_installers_last_words(plugin: Plugin) -> None:
    Preparation.objects.create(
        release=plugin.release,
        node=Node.objects.get(),
        state="failed",
        reason="No route.",
        lines=LINES,
    )
    told = card()
    assert "No route." in told and "line 12" in told and "line 11" not in told
    assert "Try again" in told


def test_one_that_runs_can_be_tried(plugin: Plugin) -> None:
    Preparation.objects.create(
        release=plugin.release, node=Node.objects.get(), state="ready", path="/x"
    )
    assert "Start" in card() and "Install and" not in card()
    Plugin.objects.update(desired="running", state="loading")
    assert "starting" in card()
    Plugin.objects.update(state="running")
    page = console("admin").get("/catalogue/").content.decode()
    assert '/agents/langgraph/#try"' in page and "/agents/langgraph-plan/" not in page
    Plugin.objects.update(state="error", reason="It ended.")
    assert "It ended." in card() and "Try again" in card()
