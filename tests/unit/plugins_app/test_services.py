"""Deeds on plugins: rights, rows, audit, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import IntegrityError, connections, transaction

from plugins_app import selectors, services
from plugins_app.client.shapes import AgentDescription
from plugins_app.errors import AgentTaken, InvalidConfig, InvalidManifest, PluginNotFound
from plugins_app.models import AutoscalePolicy, Plugin, PluginInstance
from plugins_app.services import marks
from plugins_app.services.describing import publish_described
from plugins_app.services.samples import Sample, write_samples
from registry.models import Agent, Node
from security.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated
from security.models import AuditEvent
from security.principals import ANONYMOUS, system
from tests.factories import make_instance, make_node
from tests.nodes import ROOT

pytestmark = pytest.mark.django_db
US = system("test")
ECHO, SLOW = ROOT / "plugins" / "echo", ROOT / "plugins" / "slow_echo"


def running_mark(row: PluginInstance, pid: int = 4242) -> marks.Running:
    return marks.Running(
        pid=pid,
        process_started=1,
        boot_id="b",
        executable="e",
        launch_id="0b0e5b52-9f10-4a1f-8f3e-000000000000",
        address="unix:/tmp/x.sock",
        contract=1,
        generation=row.plugin.generation,
        release_id=row.release_id,
    )


def folder_with(tmp_path, **changes):
    text = (ECHO / "plugin.yaml").read_text()
    for old, new in changes.items():
        text = text.replace(old, new)
    (tmp_path / "plugin.yaml").write_text(text)
    return tmp_path


def test_installing_publishes_its_agents_and_starts_nothing(admin):
    plugin = services.install(admin, ECHO)
    assert (plugin.state, plugin.desired, plugin.release.version) == (
        "unloaded",
        "stopped",
        "1.0.0",
    )
    assert len(plugin.release.digest) == 64
    agent = Agent.objects.get(slug="echo")
    assert (agent.state, agent.retry, agent.hosted_by.plugin_id) == (
        "shutdown",
        "always",
        plugin.id,
    )
    assert AuditEvent.objects.filter(action="plugin.installed").count() == 1


def test_a_process_says_the_last_word_on_its_agents_card(tmp_path):
    told = "direct_messages: true\n    card: {capabilities: {streaming: false}}\n    config: {}"
    plugin = services.install(US, folder_with(tmp_path, **{"config: {}": told}))
    agent = Agent.objects.get(slug="echo")
    assert agent.direct_messages
    row = make_instance(plugin)
    card = {"capabilities": {"pushNotifications": False}, "defaultInputModes": ["image/png"]}
    described = AgentDescription("echo", "Echo", "", "1", "custom", (), card)
    publish_described(row.id, [described])
    card = agent.cards.get(is_current=True).card
    assert card["defaultInputModes"] == ["image/png"]
    assert card["skills"][0]["name"] == "Echo"


def test_installing_the_same_again_changes_nothing():
    first, second = services.install(US, ECHO), services.install(US, ECHO)
    assert (first.release_id, second.generation) == (second.release_id, first.generation)
    assert AuditEvent.objects.filter(action="plugin.installed").count() == 1


def test_a_new_release_of_a_running_plugin_renews_its_processes(tmp_path):
    services.install(US, ECHO)
    services.set_desired(US, "echo", "running")
    plugin = services.install(US, folder_with(tmp_path, **{"version: 1.0.0": "version: 1.1.0"}))
    assert (plugin.release.version, plugin.generation) == ("1.1.0", 2)


def test_an_agent_that_a_release_drops_is_retired(tmp_path):
    services.install(US, ECHO)
    services.install(US, folder_with(tmp_path, **{"slug: echo": "slug: parrot"}))
    assert Agent.objects.get(slug="echo").retired is not None
    assert Agent.objects.get(slug="parrot").retired is None


def test_an_agent_of_another_plugin_is_not_taken_over(tmp_path):
    services.install(US, ECHO)
    with pytest.raises(AgentTaken, match="is hosted by the plugin echo"):
        services.install(US, folder_with(tmp_path, **{"name: echo": "name: thief"}))
    assert not Plugin.objects.filter(slug="thief").exists()


def test_a_policy_is_taken_from_the_manifest_once():
    services.install(US, SLOW)
    AutoscalePolicy.objects.update(maximum=7)
    services.install(US, SLOW)
    assert AutoscalePolicy.objects.get().maximum == 7


def test_a_folder_without_a_manifest(tmp_path):
    with pytest.raises(InvalidManifest):
        services.install(US, tmp_path)


@pytest.mark.parametrize("deed", ["install", "configure", "uninstall"])
def test_an_operator_may_not_change_what_is_installed(operator, deed):
    services.install(US, ECHO)
    deeds = {
        "install": lambda: services.install(operator, SLOW),
        "configure": lambda: services.configure(operator, "echo", {}),
        "uninstall": lambda: services.uninstall(operator, "echo"),
    }
    with pytest.raises(Forbidden, match=r"plugins\.manage"):
        deeds[deed]()


@pytest.mark.parametrize("desired", Plugin.Desired.values)
def test_a_caller_may_not_operate(caller, desired):
    services.install(US, ECHO)
    with pytest.raises(Forbidden):
        services.set_desired(caller, "echo", desired)
    assert Plugin.objects.get().desired == "stopped"


def test_a_stranger_sees_and_does_nothing():
    services.install(US, ECHO)
    for deed in (
        lambda: selectors.access_plugin(ANONYMOUS, "echo"),
        lambda: selectors.log_lines(ANONYMOUS, "echo"),
        lambda: services.restart(ANONYMOUS, "echo"),
        lambda: services.scale(ANONYMOUS, "echo", 2),
    ):
        with pytest.raises(NotAuthenticated):
            deed()


def test_a_missing_plugin(operator):
    for ref in ("nothing", "01a1f7b7-35c3-760c-8e37-a3cb9e4dc500"):
        with pytest.raises(PluginNotFound):
            services.set_desired(operator, ref, "running")


def test_starting_places_its_processes_on_the_least_loaded_node(operator):
    busy, idle = make_node("busy"), make_node("idle")
    make_node("gone", state=Node.State.DISCONNECTED)
    plugin = services.install(US, ECHO)
    other = services.install(US, SLOW)
    PluginInstance.objects.create(plugin=other, release=other.release, node=busy, ordinal=0)
    services.scale(operator, "echo", 2)
    services.set_desired(operator, "echo", "running")
    rows = plugin.instances.order_by("ordinal")
    assert [row.node for row in rows] == [idle, busy]


def test_without_a_node_it_waits_for_one():
    services.install(US, ECHO)
    plugin = services.set_desired(US, "echo", "running")
    assert (plugin.state, plugin.reason) == ("loading", "No node is active to run it.")
    make_node()
    services.place_instances()
    assert plugin.instances.get().state == "starting"


def test_processes_of_a_lost_node_go_elsewhere():
    lost = make_node("lost")
    services.install(US, ECHO)
    plugin = services.set_desired(US, "echo", "running")
    marks.mark_running(
        plugin.instances.get().id, running_mark(plugin.instances.get()), restarted=False
    )
    Node.objects.filter(id=lost.id).update(state="disconnected")
    services.place_instances()
    assert plugin.instances.get().node == lost, "there is no other"
    other = make_node("other")
    services.place_instances()
    row = plugin.instances.get()
    assert (row.node, row.state, row.pid) == (other, "starting", None)


@pytest.mark.parametrize("replicas", [0, -1, 33])
def test_a_number_of_processes_that_cannot_be(operator, replicas):
    services.install(US, ECHO)
    with pytest.raises(InvalidInput, match="1 to 32"):
        services.scale(operator, "echo", replicas)


def test_scaling_by_hand_stays_within_the_policy(operator):
    services.install(US, SLOW)
    with pytest.raises(InvalidInput, match="between 1 and 4"):
        services.scale(operator, "slow-echo", 5)
    AutoscalePolicy.objects.update(enabled=False)
    assert services.scale(operator, "slow-echo", 5).desired_replicas == 5


def test_scaling_is_audited_with_before_and_after(operator):
    services.install(US, ECHO)
    services.scale(operator, "echo", 3)
    event = AuditEvent.objects.get(action="plugin.scaled")
    assert (event.before, event.after, event.actor_label) == (
        {"replicas": 1},
        {"replicas": 3},
        "olga",
    )


def test_a_stopped_plugin_is_not_restarted(operator):
    services.install(US, ECHO)
    with pytest.raises(Conflict, match="start it instead"):
        services.restart(operator, "echo")


def test_a_configuration_is_checked_and_its_values_are_not_audited(admin):
    services.install(US, ECHO)
    with pytest.raises(InvalidConfig) as caught:
        services.configure(admin, "echo", {"sleep": "long"})
    assert caught.value.fields == {"sleep": "must be number"}
    services.configure(admin, "echo", {"sleep": 1, "token": "secret"})
    event = AuditEvent.objects.get(action="plugin.configured")
    assert event.after == {"revision": 1, "changed": ["sleep", "token"]}


def test_marks_move_the_plugin_and_its_agents():
    make_node()
    services.install(US, ECHO)
    plugin = services.set_desired(US, "echo", "running")
    row = plugin.instances.get()

    def now():
        plugin.refresh_from_db()
        return plugin.state, Agent.objects.get(slug="echo").state

    assert now() == ("loading", "initializing")
    marks.mark_running(row.id, running_mark(row), restarted=False)
    assert now() == ("running", "ready")
    marks.mark_degraded(row.id, "It did not answer.")
    assert now() == ("running", "ready") and plugin.reason == "It did not answer."
    marks.mark_failed(row.id, "It ended.", [1.0], 0.5, ["last"])
    assert now() == ("loading", "initializing")
    marks.mark_fatal(row.id, "It ended.", [1.0], ["last"])
    assert now() == ("error", "error")
    services.set_desired(US, "echo", "running")
    assert now() == ("loading", "initializing")
    row.refresh_from_db()
    assert (row.state, row.failures) == ("starting", [])


def test_a_mark_for_a_row_that_is_gone_is_no_error():
    marks.mark_exited(Plugin().id, "gone")


def test_a_process_that_takes_over_started_then():
    make_node()
    services.install(US, ECHO)
    row = services.set_desired(US, "echo", "running").instances.get()
    marks.mark_starting(row.id)
    row.refresh_from_db()
    began = row.started
    marks.mark_running(row.id, running_mark(row), restarted=False)
    row.refresh_from_db()
    assert row.started == began
    newer = replace(running_mark(row, 4343), launch_id="0b0e5b52-9f10-4a1f-8f3e-000000000001")
    marks.mark_running(row.id, newer, restarted=False)
    row.refresh_from_db()
    assert row.started > began


def test_figures_of_an_earlier_launch_are_dropped():
    from django.utils import timezone

    make_node()
    services.install(US, ECHO)
    row = services.set_desired(US, "echo", "running").instances.get()
    marks.mark_running(row.id, running_mark(row), restarted=False)
    figures = (10, 1.0, 5, 1, 0.5, 7, 0, timezone.now())
    write_samples([Sample(row.id, "another launch", *figures)])
    row.refresh_from_db()
    assert row.rss_bytes is None
    write_samples([Sample(row.id, str(row.launch_id), *figures)])
    row.refresh_from_db()
    assert (row.rss_bytes, row.in_flight, row.messages_total) == (10, 1, 7)


def test_live_targets_are_those_that_serve():
    make_node()
    services.install(US, ECHO)
    services.scale(US, "echo", 2)
    rows = services.set_desired(US, "echo", "running").instances.order_by("ordinal")
    marks.mark_running(rows[0].id, running_mark(rows[0]), restarted=False)
    (live,) = selectors.live_targets()
    assert (live.agents, live.target.address, live.state) == (
        ("echo",),
        "unix:/tmp/x.sock",
        "running",
    )
    services.set_desired(US, "echo", "paused")
    assert selectors.live_targets()[0].plugin_state == "paused"


def test_uninstalling_removes_rows_and_keeps_the_audit(admin):
    make_node()
    services.install(US, ECHO)
    services.set_desired(US, "echo", "running")
    services.uninstall(admin, "echo")
    assert not Plugin.objects.exists() and not PluginInstance.objects.exists()
    assert Agent.objects.get(slug="echo").retired is not None
    assert AuditEvent.objects.filter(action="plugin.uninstalled").exists()


BREAKS = {
    "plugins_app_one_process_per_slot": lambda row: PluginInstance.objects.create(
        plugin=row.plugin, release=row.release, node=row.node, ordinal=row.ordinal
    ),
    "plugins_app_running_has_address": lambda row: PluginInstance.objects.filter(id=row.id).update(
        state="running"
    ),
    "plugins_app_backoff_ends": lambda row: PluginInstance.objects.filter(id=row.id).update(
        state="backoff"
    ),
    "plugins_app_replicas_bounded": lambda row: Plugin.objects.update(desired_replicas=33),
    "plugins_app_only_a_release_can_be_wanted": lambda row: Plugin.objects.update(release=None),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_database_keeps_its_promise(name):
    make_node()
    services.install(US, ECHO)
    row = services.set_desired(US, "echo", "running").instances.get()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BREAKS[name](row)


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_fill_each_slot_once():
    make_node()
    services.install(US, ECHO)
    Plugin.objects.update(desired="running", desired_replicas=5)

    def schedule(_: int) -> None:
        try:
            services.place_instances()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(schedule, range(8)))
    assert sorted(PluginInstance.objects.values_list("ordinal", flat=True)) == [0, 1, 2, 3, 4]
