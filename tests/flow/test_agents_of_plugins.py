"""Agents of a plugin in processes that run: made, changed, refused and let go as they run, over kills and restarts."""

import os
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from plugins_app import selectors, services
from plugins_app.client.agents import brought_in_line
from plugins_app.client.channels import Channels
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.shapes import AgentSpec
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed
from plugins_app.models import Plugin, PluginInstance
from registry.models import Agent
from tests.callers import Api, problem
from tests.nodes import BROKEN, US, SupervisedNode, eventually, installed, instances, kill, running

pytestmark = pytest.mark.django_db(transaction=True)
PLUGIN = "/api/v1/plugins/choosy"
URL = f"{PLUGIN}/agents"
CANARY = "canary-3f0c-88"
HELLO = {"greeting": "Hello"}


@pytest.fixture
def plugin(node: SupervisedNode) -> Plugin:
    plugin = installed(BROKEN / "choosy")
    eventually(lambda: running(plugin))
    return plugin


@pytest.fixture
def admin(api: Api, plugin: Plugin) -> APIClient:
    return api("admin")


def post(client: APIClient, slug: str, **config: Any) -> Any:
    return client.post(URL, {"slug": slug, "config": HELLO | config}, format="json")


def state(slug: str) -> tuple[str, str]:
    agent = Agent.objects.get(slug=slug)
    return agent.state, agent.reason


def held(plugin: Plugin) -> list[dict[str, tuple[int, str]]]:
    """Of each process that runs, its agents with their revisions and troubles."""
    rows = [row for row in instances(plugin) if row.state == "running"]
    return [
        {slug: (each["revision"], each["trouble"]) for slug, each in row.agents.items()}
        for row in rows
    ]


def names_of(plugin: Plugin) -> list[list[str]]:
    """What each process itself says that it hosts."""
    rows = [row for row in instances(plugin) if row.state == "running"]
    return [sorted(async_to_sync(_listed)(selectors.target_of(row))) for row in rows]


async def _listed(target: Target) -> list[str]:
    channels = Channels()
    try:
        found = await Lifecycle(channels).describe(target)
    finally:
        await channels.close()
    return [each.slug for each in found]


def test_every_process_takes_an_agent_as_it_runs(admin, plugin):
    services.scale(US, "choosy", 2)
    rows = eventually(lambda: running(plugin, 2))
    before = {row.launch_id for row in rows}
    made = post(admin, "mine", api_key=CANARY)
    assert (made.status_code, made.json()["revision"]) == (201, 1)
    assert CANARY not in made.content.decode()
    both = {"choosy": (0, ""), "mine": (1, "")}
    eventually(lambda: held(plugin) == [both, both])
    assert state("mine") == ("ready", "")
    assert names_of(plugin) == [["choosy", "mine"]] * 2
    assert admin.get(f"{URL}/mine").json()["is_settled"]
    changed = admin.put(f"{URL}/mine", {"config": {"greeting": "Servus"}}, format="json")
    assert changed.json()["revision"] == 2
    eventually(lambda: [each["mine"] for each in held(plugin)] == [(2, "")] * 2)
    assert admin.delete(f"{URL}/mine").status_code == 204
    eventually(lambda: held(plugin) == [{"choosy": (0, "")}] * 2)
    assert names_of(plugin) == [["choosy"]] * 2
    assert {row.launch_id for row in instances(plugin)} == before  # nobody was started anew


def test_a_process_is_asked_before_an_agent_is_taken(admin, plugin):
    refused = post(admin, "mine", greeting="rude", api_key=CANARY)
    assert problem(refused, 400) == "invalid_config"
    assert refused.json()["fields"] == {"greeting": "is rude, and ******** does not help"}
    told = {"slug": "mine", "config": {"greeting": "Hi"}}
    found = admin.post(f"{URL}/check", told, format="json").json()
    assert (found["asked"], found["problems"]) == (True, {})
    assert not Agent.objects.filter(slug="mine").exists()


def test_one_that_cannot_be_made_fails_alone_and_is_mended_by_its_next_configuration(admin, plugin):
    (before,) = instances(plugin)
    assert post(admin, "bad", fails=True, api_key=CANARY).status_code == 201
    eventually(lambda: state("bad")[0] == "error")
    assert state("bad")[1] == "it does not import: No module named '********'"
    assert state("choosy") == ("ready", "")
    assert admin.get(f"{URL}/bad").json()["reason"] == state("bad")[1]
    assert CANARY not in str(list(plugin.events.values()))
    (ours,) = [each for each in selectors.live_targets() if each.plugin_slug == "choosy"]
    assert ours.agents == ("choosy",)
    kill(before.pid)  # a new process cannot make it either, and runs all the same
    eventually(lambda: (rows := running(plugin)) and rows[0].pid != before.pid)
    assert state("bad")[0] == "error"
    assert plugin.events.filter(type="agent_failed").count() == 1
    admin.put(f"{URL}/bad", {"config": HELLO}, format="json")
    eventually(lambda: state("bad") == ("ready", ""))
    assert plugin.events.filter(type="agent_ready").count() == 1


def test_what_was_changed_while_no_supervisor_was_there_is_taken_by_the_process_it_finds(
    admin, plugin, node
):
    (before,) = instances(plugin)
    node.kill()
    post(admin, "mine")
    node.start()
    eventually(lambda: held(plugin) == [{"choosy": (0, ""), "mine": (1, "")}])
    assert instances(plugin)[0].launch_id == before.launch_id


def test_an_agent_that_fails_with_the_new_configuration_of_its_plugin_keeps_that_out(plugin):
    """What answered goes on answering: the configuration is rolled back, as one that does not start."""
    (before,) = instances(plugin)
    plugin.refresh_from_db()
    Plugin.objects.filter(id=plugin.id).update(
        good_release=plugin.release_id, good_revision=plugin.revision
    )
    services.configure(US, "choosy", {"refuses": "choosy"})
    eventually(lambda: "could not make the agent choosy" in str(list(plugin.events.values())))
    eventually(lambda: Plugin.objects.get(id=plugin.id).config == {})
    assert state("choosy") == ("ready", "")
    (after,) = eventually(lambda: running(plugin))
    assert after.launch_id == before.launch_id


def test_the_default_model_comes_with_the_configuration(node, monkeypatch):
    monkeypatch.setenv("AGENTX_MODEL_URL", "http://models.example/v1")
    monkeypatch.setenv("AGENTX_MODEL_NAME", "usual")
    node.stop()
    node.start()
    plugin = installed(BROKEN / "choosy")
    (first,) = eventually(lambda: running(plugin))
    assert first.model_digest
    # Another default, and processes that outlived their supervisor: they are replaced.
    monkeypatch.setenv("AGENTX_MODEL_NAME", "another")
    node.kill()
    node.start()
    second = another(plugin, first)
    assert second.model_digest != first.model_digest


def test_a_folder_of_own_code_is_read_once_an_admin_allows_it(admin, plugin, tmp_path):
    (before,) = instances(plugin)
    assert not sees(before, tmp_path)
    answer = admin.put(f"{PLUGIN}/folders", {"folders": [str(tmp_path)]}, format="json")
    assert answer.status_code == 202
    assert sees(another(plugin, before), tmp_path)
    assert admin.get(f"{PLUGIN}/folders").json() == {"folders": [str(tmp_path)]}


def test_a_folder_that_is_taken_back_is_read_no_more_by_whatever_needs_it(admin, plugin, tmp_path):
    (first,) = instances(plugin)
    (tmp_path / "app.py").write_text("")
    admin.put(f"{PLUGIN}/folders", {"folders": [str(tmp_path)]}, format="json")
    second = another(plugin, first)
    post(admin, "mine", file=str(tmp_path / "app.py"))
    eventually(lambda: state("mine")[0] == "ready")
    assert admin.put(f"{PLUGIN}/folders", {"folders": []}, format="json").status_code == 202
    third = another(plugin, second)
    assert not sees(third, tmp_path)
    eventually(lambda: state("mine")[0] == "error")
    assert "there is no file" in state("mine")[1]
    assert state("choosy")[0] == "ready"


def another(plugin: Plugin, before: PluginInstance) -> PluginInstance:
    """The process that took over."""

    def found() -> PluginInstance | None:
        rows = running(plugin)
        return rows[0] if rows and rows[0].launch_id != before.launch_id else None

    return eventually(found)


def sees(row: PluginInstance, folder: Path) -> bool:
    """By the mounts around its process, where files are hidden by namespaces on this machine."""
    try:
        return str(folder) in Path(f"/proc/{row.pid}/mountinfo").read_text()
    except OSError:
        return False  # it has ended


@pytest.mark.asyncio
async def test_whoever_is_away_is_no_agents_fault():
    channels = Channels()
    target = Target("x", f"unix:/tmp/nobody-{os.getpid()}.sock", "launch", "token")
    try:
        with pytest.raises(CallFailed):
            await brought_in_line(
                Lifecycle(channels), target, (AgentSpec("a", "A", "", {}),), {}, {}
            )
    finally:
        await channels.close()
