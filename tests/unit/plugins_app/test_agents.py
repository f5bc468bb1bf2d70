"""Agents that people make of a plugin, in rows."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from plugins_app import manifest as manifests
from plugins_app import selectors, services, states
from plugins_app.client.shapes import AgentSpec
from plugins_app.errors import AgentTaken, ConfigChanged, HostedAgentNotFound, InvalidConfig
from plugins_app.models import (
    AgentSecret,
    HostedAgent,
    Plugin,
    PluginEvent,
    PluginInstance,
    RemovedAgent,
)
from plugins_app.selectors.agents import specs_of
from plugins_app.services import agents, marks
from plugins_app.services.agents import MOST_AGENTS, forget_removed
from registry.models import Agent
from registry.services import retire_agent
from security.errors import Conflict, Forbidden, InvalidInput
from security.models import AuditEvent
from security.principals import system
from tests.factories import make_agent, make_instance, make_plugin
from tests.nodes import BROKEN

pytestmark = pytest.mark.django_db
US = system("test")
CANARY = "canary-77aa"
HELLO = {"greeting": "Hello"}


@pytest.fixture
def plugin() -> Plugin:
    services.install(US, BROKEN / "choosy")
    return services.set_desired(US, "choosy", "running")


def add(slug: str = "mine", config: dict[str, Any] | None = None, **more: Any) -> HostedAgent:
    return services.add_agent(US, "choosy", slug=slug, config=config or HELLO, **more)


def specs(plugin: Plugin) -> dict[str, AgentSpec]:
    found = specs_of([Plugin.objects.select_related("release").get(id=plugin.id)])
    return {each.slug: each for each in found[plugin.id]}


def events(plugin: Plugin, type_: str) -> list[str]:
    return list(plugin.events.filter(type=type_).values_list("message", flat=True))


def holds(row: PluginInstance, **held: tuple[int, str]) -> None:
    """Its process says what it made of its agents."""
    told = {slug: {"revision": each[0], "trouble": each[1]} for slug, each in held.items()}
    marks.mark_agents(row.id, told)


def test_an_agent_that_somebody_makes_is_wanted_of_every_process(plugin, admin):
    hosted = services.add_agent(
        admin, "choosy", slug="mine", name="Mine", description="My own.", config=HELLO
    )
    assert (hosted.origin, hosted.revision, hosted.author) == ("person", 1, admin.label)
    assert (hosted.agent.name, hosted.agent.description) == ("Mine", "My own.")
    assert hosted.agent.state == "initializing"
    assert list(specs(plugin)) == ["choosy", "mine"]
    assert specs(plugin)["mine"] == AgentSpec("mine", "Mine", "My own.", HELLO, revision=1)
    assert events(plugin, "agent_added") == ["mine"]
    assert AuditEvent.objects.get(action="agent.added").target == "mine"


def test_secrets_are_sealed_and_only_the_process_gets_them(plugin):
    members = [{"name": "a", "api_key": CANARY}]
    hosted = add(config={**HELLO, "api_key": CANARY, "members": members})
    assert CANARY not in str(list(HostedAgent.objects.values()))
    assert CANARY not in str(list(AgentSecret.objects.values()))
    assert CANARY not in str(list(AuditEvent.objects.values()) + list(PluginEvent.objects.values()))
    told = specs(plugin)["mine"].config
    assert (told["api_key"], told["members"][0]["api_key"]) == (CANARY, CANARY)
    assert CANARY not in repr(specs(plugin)["mine"])
    shown = selectors.agent_config_shown(hosted)
    assert shown["api_key"] == {"$secret": "api_key@1"}
    # What a form sends back keeps what is there.
    again = {**shown, "greeting": "Servus", "api_key": "********"}
    hosted = services.change_agent(US, "choosy", "mine", config=again)
    assert specs(plugin)["mine"].config == told | {"greeting": "Servus"}
    services.change_agent(US, "choosy", "mine", config=HELLO)
    assert not AgentSecret.objects.exists()


def test_a_secret_of_one_agent_is_no_other_agents(plugin):
    add(config={**HELLO, "api_key": CANARY})
    with pytest.raises(InvalidConfig, match="no secret"):
        add("other", {**HELLO, "api_key": {"$secret": "api_key@1"}})


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, "greeting"),
        ({"greeting": "x"}, "greeting"),
        ({"greeting": "Hi", "gretting": 1}, "gretting"),
        ({"greeting": "Hi", "members": [{}]}, "members.0"),
    ],
)
def test_what_the_schema_refuses_changes_nothing(plugin, config, field):
    with pytest.raises(InvalidConfig) as refused:
        services.add_agent(US, "choosy", slug="mine", config=config)
    assert any(name.startswith(field) or field in why for name, why in refused.value.fields.items())
    assert not Agent.objects.filter(slug="mine").exists()


@pytest.mark.parametrize("slug", ["", "Big", "a b", "-a", "a_b", "x" * 65, "check", "router"])
def test_an_address_must_be_one(plugin, slug):
    with pytest.raises((InvalidInput, Conflict)):
        add(slug)
    assert plugin.hosted_agents.count() == 1


def test_a_name_that_is_taken_is_refused_with_who_has_it(plugin):
    with pytest.raises(AgentTaken, match="by choosy"):
        add("choosy")
    make_plugin("other", agents=(make_agent("theirs"),))
    with pytest.raises(AgentTaken, match="by other"):
        add("theirs")
    make_agent("afar", source="remote", endpoint="https://x.example/")
    with pytest.raises(AgentTaken, match="elsewhere"):
        add("afar")
    assert plugin.hosted_agents.count() == 1


def test_a_plugin_hosts_a_bounded_number(plugin, monkeypatch):
    assert MOST_AGENTS == 200
    monkeypatch.setattr(agents, "MOST_AGENTS", 2)
    add()
    with pytest.raises(Conflict, match="at most 2"):
        add("one-too-many")


def test_who_operates_makes_none(plugin, operator):
    for deed in (
        lambda: services.add_agent(operator, "choosy", slug="a", config=HELLO),
        lambda: services.change_agent(operator, "choosy", "choosy", config=HELLO),
        lambda: services.remove_agent(operator, "choosy", "choosy"),
        lambda: selectors.shown_agent(operator, "choosy", "choosy"),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_the_same_again_changes_nothing_unless_it_had_failed(plugin):
    add()
    assert services.change_agent(US, "choosy", "mine", config=HELLO).revision == 1
    HostedAgent.objects.filter(agent__slug="mine").update(failed_revision=1)
    assert services.change_agent(US, "choosy", "mine", config=HELLO).revision == 2


def test_who_comes_second_is_told(plugin):
    add()
    services.change_agent(US, "choosy", "mine", config={"greeting": "One"}, base=1)
    with pytest.raises(ConfigChanged, match="by system:test"):
        services.change_agent(US, "choosy", "mine", config={"greeting": "Two"}, base=1)


def test_an_agent_of_the_manifest_is_changed_and_set_back(plugin):
    services.change_agent(US, "choosy", "choosy", name="Ours", config={"greeting": "Servus"})
    told = specs(plugin)["choosy"]
    assert (told.name, told.config, told.revision) == ("Ours", {"greeting": "Servus"}, 1)
    hosted = services.reset_agent(US, "choosy", "choosy")
    told = specs(plugin)["choosy"]
    assert (told.name, told.config, told.revision) == ("choosy", HELLO, 2)
    assert (hosted.config, hosted.agent.name) == (None, "choosy")
    with pytest.raises(Conflict, match="when that is uninstalled"):
        services.remove_agent(US, "choosy", "choosy")
    add()
    with pytest.raises(Conflict, match="not in the plugin"):
        services.reset_agent(US, "choosy", "mine")


def upgraded(tmp_path: Any, *slugs: str) -> Plugin:
    """Another release, whose manifest names these agents."""
    raw = dict(manifests.read(BROKEN / "choosy"))
    raw["metadata"] = {**raw["metadata"], "version": "2.0.0"}
    raw["agents"] = [{"slug": slug, "config": {"greeting": "new"}} for slug in slugs]
    folder = tmp_path / "choosy"
    folder.mkdir()
    (folder / "main.py").write_text("")
    (folder / "plugin.yaml").write_text(json.dumps(raw))
    return services.install(US, folder)


def test_an_upgrade_keeps_what_people_made_and_changed(plugin, tmp_path):
    add(config={**HELLO, "api_key": CANARY})
    services.change_agent(US, "choosy", "choosy", config={"greeting": "Servus"})
    upgraded(tmp_path, "choosy", "fresh")
    told = specs(plugin)
    assert list(told) == ["choosy", "fresh", "mine"]
    assert told["choosy"].config == {"greeting": "Servus"}
    assert told["fresh"].config == {"greeting": "new"}
    assert told["mine"].config["api_key"] == CANARY
    assert Agent.objects.get(slug="mine").version == "2.0.0"


def test_an_upgrade_that_names_an_agent_somebody_made_leaves_it_theirs(plugin, tmp_path):
    add()
    upgraded(tmp_path, "mine")
    assert list(specs(plugin)) == ["mine"]  # the manifest's former agent is gone
    assert specs(plugin)["mine"].config == HELLO
    services.remove_agent(US, "choosy", "mine")  # then it is the manifest's
    assert specs(plugin)["mine"].config == {"greeting": "new"}
    assert Agent.objects.get(slug="mine").retired is None


def test_what_is_removed_can_be_had_back_for_a_moment(plugin):
    add(config={**HELLO, "api_key": CANARY}, name="Mine")
    services.remove_agent(US, "choosy", "mine")
    assert Agent.objects.get(slug="mine").retired is not None
    assert list(specs(plugin)) == ["choosy"]
    assert CANARY not in str(list(RemovedAgent.objects.values()))
    hosted = services.restore_agent(US, "choosy", "mine")
    assert (hosted.revision, hosted.agent.name) == (2, "Mine")
    assert specs(plugin)["mine"].config["api_key"] == CANARY
    services.remove_agent(US, "choosy", "mine")
    RemovedAgent.objects.update(removed=timezone.now() - timedelta(seconds=31))
    with pytest.raises(HostedAgentNotFound, match="within the last 30 s"):
        services.restore_agent(US, "choosy", "mine")


def test_what_was_removed_long_ago_is_forgotten(plugin):
    add()
    services.remove_agent(US, "choosy", "mine")
    forget_removed()
    assert RemovedAgent.objects.exists()
    RemovedAgent.objects.update(removed=timezone.now() - timedelta(seconds=31))
    forget_removed()
    assert not RemovedAgent.objects.exists()


def test_who_takes_its_address_at_once_is_taken_for_no_other(plugin):
    """Processes tell agents apart by address and revision."""
    before = add().revision
    services.remove_agent(US, "choosy", "mine")
    assert add(config={"greeting": "Another"}).revision > before
    with pytest.raises(HostedAgentNotFound):
        services.restore_agent(US, "choosy", "mine")


def test_what_an_operator_retired_is_no_processs_any_more(plugin):
    add()
    retire_agent(US, "mine")
    assert list(specs(plugin)) == ["choosy"]
    with pytest.raises(HostedAgentNotFound):
        services.change_agent(US, "choosy", "mine", config=HELLO)
    assert add(config={"greeting": "Again"}).agent.retired is None


def test_a_broken_seal_is_the_agents_trouble_alone(plugin):
    add(config={**HELLO, "api_key": CANARY})
    AgentSecret.objects.update(sealed="broken")
    told = specs(plugin)
    assert "api_key has a secret whose seal is broken" in told["mine"].trouble
    assert told["choosy"].trouble == ""


def test_one_that_cannot_be_made_is_in_error_alone_and_says_why_once(plugin):
    row = make_instance(plugin)
    add()
    for _ in range(2):
        holds(row, choosy=(0, ""), mine=(1, "the tool is bad"))
    mine, other = Agent.objects.get(slug="mine"), Agent.objects.get(slug="choosy")
    assert (mine.state, mine.reason, other.state) == ("error", "the tool is bad", "ready")
    assert events(plugin, "agent_failed") == ["mine: the tool is bad"]
    (target,) = [each for each in selectors.live_targets() if each.plugin_slug == "choosy"]
    assert target.agents == ("choosy",)
    assert specs(plugin)["mine"].has_failed
    services.change_agent(US, "choosy", "mine", config={"greeting": "Better"})
    assert not specs(plugin)["mine"].has_failed
    assert Agent.objects.get(slug="mine").state == "error"  # nobody has tried it yet
    holds(row, choosy=(0, ""), mine=(2, ""))
    mine.refresh_from_db()
    assert (mine.state, mine.reason) == ("ready", "")
    assert events(plugin, "agent_ready") == ["mine"]


def test_one_process_that_has_it_is_enough(plugin):
    services.scale(US, "choosy", 2)
    rows = [make_instance(plugin, number) for number in range(2)]
    add()
    holds(rows[0], choosy=(0, ""), mine=(1, "bad"))
    holds(rows[1], choosy=(0, ""), mine=(1, ""))
    assert Agent.objects.get(slug="mine").state == "ready"
    ours = [each for each in selectors.live_targets() if each.plugin_slug == "choosy"]
    assert [each.agents for each in ours] == [("choosy",), ("choosy", "mine")]


@pytest.mark.parametrize(
    ("revision", "processes", "facts"),
    [
        (0, [{}], ("ready", "", True)),  # from before agents were written down
        (1, [{}], ("initializing", "", False)),
        (0, [{"b": {"revision": 0, "trouble": ""}}], ("initializing", "", False)),
        (1, [{"a": {"revision": 1, "trouble": ""}}], ("ready", "", True)),
        (2, [{"a": {"revision": 1, "trouble": ""}}], ("ready", "", False)),
        (1, [{"a": {"revision": 1, "trouble": "x"}}], ("error", "x", True)),
        (2, [{"a": {"revision": 1, "trouble": "x"}}], ("error", "x", False)),
    ],
)
def test_what_processes_say_of_an_agent(revision, processes, facts):
    told = states.agent_facts("a", revision, processes)
    assert (told.state, told.reason, told.is_newest) == facts


def test_listing_is_by_address_and_searched(plugin, operator):
    for slug in ("zeta", "alpha"):
        add(slug, description=f"Knows {slug} things.")
    found = selectors.hosted_agents(operator, "choosy")
    assert [each.agent.slug for each in found] == ["alpha", "choosy", "zeta"]
    found = selectors.hosted_agents(operator, "choosy", "knows ALPHA")
    assert [each.agent.slug for each in found] == ["alpha"]


def test_uninstalling_takes_them_along(plugin):
    add(config={**HELLO, "api_key": CANARY})
    add("second")
    services.remove_agent(US, "choosy", "second")
    services.uninstall(US, "choosy")
    assert not HostedAgent.objects.exists() and not AgentSecret.objects.exists()
    assert not RemovedAgent.objects.exists()
    assert Agent.objects.get(slug="mine").retired is not None
