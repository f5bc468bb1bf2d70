"""What is new proves itself or goes back, in rows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from plugins_app import services
from plugins_app.models import Plugin, PluginInstance
from plugins_app.services import proving
from security.models import AuditEvent
from security.principals import system
from tests.factories import make_instance, make_release
from tests.nodes import ROOT

pytestmark = pytest.mark.django_db
US = system("test")


@pytest.fixture
def plugin():
    """It runs, and has for a while."""
    plugin = services.install(US, ROOT / "plugins" / "echo")
    return services.set_desired(US, plugin.slug, "running")


@pytest.fixture
def row(plugin):
    now = timezone.now()
    plugin.instances.all().delete()
    return make_instance(plugin, ready=now - timedelta(seconds=60))


def upgraded(plugin, version="2.0.0"):
    plugin.refresh_from_db()
    plugin.release = make_release(plugin, version, manifest=plugin.release.manifest)
    plugin.generation += 1
    plugin.save()
    return plugin


def failed(plugin, reason="It crashed."):
    plugin.refresh_from_db()
    proving.not_well(plugin.id, plugin.generation, plugin.revision, reason)
    plugin.refresh_from_db()


def test_what_all_processes_were_for_a_while_is_good(plugin, row):
    proving.well(row.id)
    plugin.refresh_from_db()
    assert (plugin.good_release_id, plugin.good_revision) == (plugin.release_id, 0)
    assert proving.is_good(plugin) and not proving.is_new(plugin)


@pytest.mark.parametrize(
    "change",
    [
        {"ready": timezone.now() + timedelta(days=1)},
        {"state": "degraded"},
        {"revision": 3},
    ],
    ids=["too young", "not well", "another configuration"],
)
def test_one_process_that_is_not_there_yet_holds_it_up(plugin, row, change):
    PluginInstance.objects.filter(id=row.id).update(**change)
    proving.well(row.id)
    plugin.refresh_from_db()
    assert plugin.good_release_id is None


def test_a_release_goes_back_with_an_event_and_an_audit_line(plugin, row):
    proving.well(row.id)
    first = plugin.release_id
    failed(upgraded(plugin))
    assert (plugin.release_id, plugin.rollbacks, plugin.generation) == (first, 1, 3)
    event = plugin.events.get(type="rolled_back")
    assert event.message == "Rolled back from version 2.0.0 to 1.0.0: It crashed."
    assert plugin.reason == event.message
    audit = AuditEvent.objects.get(action="plugin.rolled_back")
    assert audit.before == {"version": "2.0.0", "revision": 0}


def test_a_configuration_goes_back_as_a_new_revision(plugin, row):
    proving.well(row.id)
    services.configure(US, "echo", {"stream": True})
    failed(plugin)
    assert (plugin.config, plugin.revision, plugin.good_revision) == ({}, 2, 2)
    assert plugin.revisions.get(number=2).restored == 0
    assert proving.is_good(plugin)


def test_with_nothing_good_there_is_no_way_back(plugin, row):
    failed(upgraded(plugin))
    assert plugin.release.version == "2.0.0"
    assert not plugin.events.filter(type="rolled_back").exists()


def test_what_is_not_wanted_any_more_is_not_rolled_back(plugin, row):
    proving.well(row.id)
    upgraded(plugin)
    proving.not_well(plugin.id, plugin.generation - 1, plugin.revision, "It crashed.")
    plugin.refresh_from_db()
    assert plugin.release.version == "2.0.0"


def test_three_times_one_after_the_other_and_then_an_operator_has_to_look(plugin, row):
    proving.well(row.id)
    for number in range(proving.MOST_ROLLBACKS):
        failed(upgraded(plugin, f"2.0.{number}"))
        assert (plugin.release.version, plugin.rollbacks) == ("1.0.0", number + 1)
    failed(upgraded(plugin, "3.0.0"))
    assert plugin.release.version == "3.0.0"
    assert "was rolled back 3 times" in plugin.events.filter(type="degraded").get().message
    Plugin.objects.update(retry_after=timezone.now() - timedelta(seconds=1))
    failed(plugin)
    assert (plugin.release.version, plugin.rollbacks) == ("1.0.0", 1)


def test_a_rollback_leaves_what_is_on_its_way(plugin, row):
    """Somebody sent a better one already: it takes over when it is prepared."""
    proving.well(row.id)
    first = plugin.release_id
    upgraded(plugin)
    better = make_release(plugin, "3.0.0", manifest=plugin.release.manifest)
    Plugin.objects.filter(id=plugin.id).update(next_release=better, next_is_asked=True)
    failed(plugin)
    assert (plugin.release_id, plugin.next_release, plugin.next_is_asked) == (first, better, True)


def test_a_process_started_by_hand_proves_nothing(plugin, row):
    """Whatever its author runs there, it is not the release."""
    Plugin.objects.filter(id=plugin.id).update(attachment={"launch_id": "theirs"})
    proving.well(row.id)
    plugin.refresh_from_db()
    assert plugin.good_release_id is None
