"""Releases in rows: wanted, prepared by nodes, taken over, gone back from, forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from plugins_app import selectors, services
from plugins_app.errors import AgentTaken, Needed, ReleaseInUse, ReleaseNotFound
from plugins_app.models import Package, Plugin, PluginRelease, Preparation
from plugins_app.services import orders, preparations, releases
from plugins_app.services.preparations import LEASE_SECONDS, MOST_ATTEMPTS
from registry.models import Node
from security.errors import Conflict, Forbidden
from security.models import AuditEvent
from security.principals import system
from tests.factories import make_agent, make_instance, make_node, make_plugin, make_release

pytestmark = pytest.mark.django_db
US = system("test")
READY = {"state": "ready", "path": "/somewhere", "progress": 100}


def package(name, version):
    manifest = {"metadata": {"name": name, "version": version}}
    digest = f"{name}-{version}"
    return Package.objects.create(
        name=name, version=version, manifest=manifest, digest=digest, size=1
    )


def packed(plugin, version, **fields):
    """A release that nodes have to prepare."""
    told = {"package": package(plugin.slug, version), "path": "", "source": "package"}
    return make_release(plugin, version, **(told | fields))


@pytest.fixture
def node():
    return make_node("one")


@pytest.fixture
def echo(node):
    """It runs its first release in one process."""
    plugin = make_plugin("echo", agents=(make_agent("echo"),), desired="running", state="running")
    plugin.release = packed(plugin, "1.0.0", days_ago=9)
    plugin.save()
    make_instance(plugin, node=node)
    Preparation.objects.create(release=plugin.release, node=node, **READY)
    PluginRelease.objects.exclude(id=plugin.release_id).delete()
    return plugin


def prepare(node, *, fails=""):
    """What its supervisor would write about all that waits."""
    while claim := preparations.claim(node.name):
        if fails:
            preparations.failed(claim.id, claim.attempt, fails, ["said last"])
        else:
            preparations.ready(claim.id, claim.attempt, "/folder", "/environment")


def events(plugin):
    return list(plugin.events.order_by("time", "id").values_list("type", flat=True))


def test_what_runs_goes_on_until_its_successor_is_prepared(echo, node):
    before, release = echo.release, packed(echo, "2.0.0")
    releases.want(US, echo, release)
    echo.refresh_from_db()
    assert (echo.release, echo.next_release, echo.generation) == (before, release, 1)
    assert selectors.installation_of(echo).state == "queued"
    prepare(node)
    echo.refresh_from_db()
    assert (echo.release, echo.next_release, echo.generation) == (release, None, 2)
    assert [each for each in events(echo) if each in ("prepared", "upgraded")] == [
        "prepared",
        "upgraded",
    ]
    made = selectors.prepared(release.id, node.name)
    assert (made.state, made.path, made.environment) == ("ready", "/folder", "/environment")


def test_one_that_cannot_be_prepared_changes_nothing(echo, node):
    before = echo.release
    releases.want(US, echo, packed(echo, "2.0.0"))
    prepare(node, fails="The disk is full.")
    echo.refresh_from_db()
    assert (echo.release, echo.next_release, echo.generation) == (before, None, 1)
    event = echo.events.get(type="not_prepared")
    assert event.message == "2.0.0: The disk is full."
    assert event.data["lines"] == ["said last"]
    assert selectors.progress_of(selectors.access_release(US, "echo", "2.0.0")).state == "failed"


def test_every_node_that_runs_it_is_waited_for(echo, node):
    other, idle = make_node("two"), make_node("idle")
    make_instance(echo, 1, node=other)
    release = packed(echo, "2.0.0")
    releases.want(US, echo, release)
    prepare(idle)
    prepare(node)
    echo.refresh_from_db()
    assert echo.next_release == release
    prepare(other)
    echo.refresh_from_db()
    assert echo.release == release


def test_a_node_without_its_processes_that_fails_holds_up_nobody(echo, node):
    idle = make_node("idle")
    release = packed(echo, "2.0.0")
    releases.want(US, echo, release)
    prepare(idle, fails="no")
    echo.refresh_from_db()
    assert echo.next_release == release
    prepare(node)
    echo.refresh_from_db()
    assert echo.release == release


def test_a_node_that_went_away_is_not_waited_for(echo, node):
    other = make_node("two")
    make_instance(echo, 1, node=other)
    release = packed(echo, "2.0.0")
    releases.want(US, echo, release)
    prepare(node)
    Node.objects.filter(id=other.id).update(state="disconnected")
    preparations.catch_up(node.name)
    echo.refresh_from_db()
    assert echo.release == release


def test_a_node_that_took_over_a_process_prepares_its_release(echo, node):
    other = make_node("two")
    preparations.catch_up("two")
    assert selectors.prepared(echo.release_id, "two") is None
    echo.instances.update(node=other)
    preparations.catch_up("two")
    assert selectors.prepared(echo.release_id, "two").state == "queued"


def test_one_with_nothing_running_is_taken_at_once_and_prepared_then(node):
    plugin = make_plugin("still")
    release = packed(plugin, "2.0.0")
    releases.want(US, plugin, release)
    plugin.refresh_from_db()
    assert plugin.release == release
    assert selectors.prepared(release.id, node.name).state == "queued"


def test_what_comes_with_agentx_is_prepared_when_it_starts(node):
    plugin = make_plugin("bundled")
    release = packed(plugin, "2.0.0", source="bundled")
    releases.want(US, plugin, release)
    assert selectors.installation_of(plugin).state == selectors.NOT_ASKED
    services.set_desired(US, "bundled", "running")
    preparations.catch_up(node.name)
    assert selectors.prepared(release.id, node.name).state == "queued"


def test_a_start_tries_again_what_could_not_be_prepared(node):
    plugin = make_plugin("still")
    release = packed(plugin, "2.0.0")
    releases.want(US, plugin, release)
    prepare(node, fails="no network")
    services.set_desired(US, "still", "running")
    made = selectors.prepared(release.id, node.name)
    assert (made.state, made.reason, made.attempts) == ("queued", "", 0)


def test_an_agent_of_another_plugin_is_refused_before_anything_is_prepared(echo):
    other = make_plugin("other")
    with pytest.raises(AgentTaken, match="hosted by the plugin echo"):
        releases.want(US, other, packed(other, "2.0.0"))
    assert not Preparation.objects.filter(release__plugin=other).exists()


def test_an_agent_taken_meanwhile_stops_the_takeover_alone(echo, node):
    release = packed(echo, "2.0.0")
    release.manifest["agents"] = [{"slug": "new-one"}]
    release.save()
    releases.want(US, echo, release)
    make_plugin("thief", agents=(make_agent("new-one"),))
    prepare(node)
    echo.refresh_from_db()
    assert (echo.release.version, echo.next_release) == ("1.0.0", None)
    assert "hosted by the plugin thief" in echo.events.get(type="not_prepared").message


def test_trust_is_the_releases_not_the_manifests_word(echo, node):
    release = packed(echo, "2.0.0", trust="public")
    assert release.manifest["trust"] == "trusted"
    releases.want(US, echo, release)
    prepare(node)
    echo.refresh_from_db()
    assert echo.trust == "public"


def test_a_claim_is_one_supervisors_until_its_lease_ends(echo, node):
    releases.want(US, echo, packed(echo, "2.0.0"))
    claim = preparations.claim(node.name)
    assert preparations.claim(node.name) is None
    assert preparations.renew(claim.id, claim.attempt)
    row = Preparation.objects.get(id=claim.id)
    assert row.lease_until > timezone.now() + timedelta(seconds=LEASE_SECONDS - 5)
    Preparation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert preparations.claim(node.name, but_not=(claim.id,)) is None
    again = preparations.claim(node.name)
    assert (again.id, again.attempt) == (claim.id, 2)
    # The first one's words count for nothing now.
    assert not preparations.renew(claim.id, claim.attempt)
    preparations.ready(claim.id, claim.attempt, "/late", "")
    preparations.failed(claim.id, claim.attempt, "late", [])
    preparations.give_back(claim.id, claim.attempt)
    assert selectors.prepared(again.release_id, node.name).state == "unpacking"


def test_what_was_refused_is_kept_in_the_audit(echo, node):
    releases.want(US, echo, packed(echo, "2.0.0"))
    claim = preparations.claim(node.name)
    preparations.failed(claim.id, claim.attempt, "It asks for -r.", [], refused=True)
    assert "refused" in events(echo)
    (line,) = AuditEvent.objects.filter(outcome="refused", target="echo")
    assert line.action == "plugin.preparation_refused" and "-r" in line.after["reason"]


def test_who_never_lives_to_end_it_gives_up(echo, node):
    releases.want(US, echo, packed(echo, "2.0.0"))
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert preparations.claim(node.name).attempt == attempt
        preparations.let_go(node.name)
    assert preparations.claim(node.name) is None
    made = selectors.prepared(selectors.access_release(US, "echo", "2.0.0").id, node.name)
    assert made.state == "failed"
    assert made.reason == "The supervisor of its node ended 3 times while it prepared it."


def test_one_told_to_stop_uses_up_no_attempt(echo, node):
    releases.want(US, echo, packed(echo, "2.0.0"))
    claim = preparations.claim(node.name)
    preparations.give_back(claim.id, claim.attempt)
    assert preparations.claim(node.name).attempt == 1


def test_the_first_lock_holds_for_all_nodes(echo):
    release = packed(echo, "2.0.0")
    assert preparations.agree_lock(release.id, "a==1") == "a==1"
    assert preparations.agree_lock(release.id, "a==2") == "a==1"


def test_an_upgrade_goes_to_the_newest_and_at_once(echo, node):
    echo.reload = "manual"
    echo.save()
    packed(echo, "1.5.0", days_ago=1)
    newest = packed(echo, "1.10.0", days_ago=2)
    services.upgrade(US, "echo")
    prepare(node)
    echo.refresh_from_db()
    assert echo.release == newest
    assert echo.asked_generation == echo.generation == 2
    with pytest.raises(Conflict, match="no newer release"):
        services.upgrade(US, "echo")


def test_an_upgrade_takes_what_the_registry_has(echo):
    listed = package("echo", "3.0.0")
    Package.objects.filter(id=listed.id).update(listed=True)
    assert selectors.newest_listed(echo) == "3.0.0"
    Package.objects.filter(id=listed.id).update(yanked=timezone.now())
    assert selectors.newest_listed(echo) == ""


def test_a_rollback_goes_to_the_last_good_one_else_the_one_before(echo, node):
    first = echo.release
    second, third = packed(echo, "2.0.0", days_ago=5), packed(echo, "3.0.0", days_ago=1)
    for release in (second, third):
        services.upgrade(US, "echo", release.version)
        prepare(node)
    services.rollback(US, "echo")
    echo.refresh_from_db()
    assert echo.release == second
    echo.good_release = third
    echo.save()
    services.rollback(US, "echo")
    echo.refresh_from_db()
    assert echo.release == third
    services.rollback(US, "echo", str(first.id))
    echo.refresh_from_db()
    assert echo.release == first
    assert AuditEvent.objects.filter(action="plugin.rolled_back").count() == 3
    with pytest.raises(Conflict, match=r"runs 1\.0\.0"):
        services.rollback(US, "echo", "1.0.0")
    with pytest.raises(ReleaseNotFound):
        services.rollback(US, "echo", "9.9.9")


def test_a_rollback_passes_over_what_could_not_be_prepared(echo, node):
    first = echo.release
    releases.want(US, echo, packed(echo, "1.1.0", days_ago=5))
    prepare(node, fails="no network")
    services.upgrade(US, "echo", str(packed(echo, "1.2.0", days_ago=1).id))
    prepare(node)
    services.rollback(US, "echo")
    echo.refresh_from_db()
    assert echo.release == first


def test_a_rollback_breaks_no_other_plugin(echo):
    packed(echo, "0.5.0", days_ago=20)
    needs = {"dependencies": [{"name": "echo", "version": ">=1"}]}
    other = make_plugin("other")
    other.release = make_release(other, "1.0.0")
    other.release.manifest |= needs | {"agents": [{"slug": "other"}]}
    other.release.save()
    other.save()
    with pytest.raises(Needed, match="other needs echo"):
        services.rollback(US, "echo", "0.5.0")


def test_operators_roll_back_and_admins_upgrade(echo, operator, caller, node):
    packed(echo, "0.5.0", days_ago=20)
    packed(echo, "2.0.0")
    with pytest.raises(Forbidden):
        services.upgrade(operator, "echo")
    with pytest.raises(Forbidden):
        services.rollback(caller, "echo", "0.5.0")
    services.rollback(operator, "echo", "0.5.0")
    prepare(node)
    echo.refresh_from_db()
    assert echo.release.version == "0.5.0"


def test_a_release_in_use_cannot_be_removed(echo):
    good, unused = packed(echo, "0.9.0"), packed(echo, "0.8.0")
    echo.good_release = good
    echo.save()
    for which in ("1.0.0", "0.9.0"):
        with pytest.raises(ReleaseInUse):
            services.remove_release(US, "echo", which)
    services.remove_release(US, "echo", "0.8.0")
    assert not PluginRelease.objects.filter(id=unused.id).exists()
    assert not Package.objects.filter(version="0.8.0").exists()


def test_one_on_its_way_is_broken_off(echo, node):
    releases.want(US, echo, packed(echo, "2.0.0"))
    claim = preparations.claim(node.name)
    services.remove_release(US, "echo", "2.0.0")
    echo.refresh_from_db()
    assert (echo.release.version, echo.next_release) == ("1.0.0", None)
    assert not preparations.renew(claim.id, claim.attempt)
    preparations.ready(claim.id, claim.attempt, "/late", "")
    assert [each.version for each in echo.releases.all()] == ["1.0.0"]


def test_old_releases_are_forgotten_but_those_in_use(echo, settings):
    settings.KEPT_RELEASES = 2
    for number in range(5):
        packed(echo, f"0.{number}.0", days_ago=20 - number)
    echo.good_release = PluginRelease.objects.get(version="0.0.0")
    echo.save()
    services.forget_old()
    left = set(echo.releases.values_list("version", flat=True))
    assert left == {"1.0.0", "0.0.0", "0.4.0"}
    assert set(Package.objects.values_list("version", flat=True)) == left


def test_an_uninstall_is_refused_while_another_needs_it(echo):
    other = make_plugin("other")
    other.release = make_release(other, "1.0.0")
    other.release.manifest |= {"dependencies": [{"name": "echo"}], "agents": [{"slug": "other"}]}
    other.release.save()
    other.save()
    with pytest.raises(Needed, match="other"):
        services.uninstall(US, "echo")
    services.uninstall(US, "other")
    services.uninstall(US, "echo")
    assert not Package.objects.exists()
    assert preparations.referred_to().releases == []


def test_what_is_installed_again_is_looked_at_again(echo, node):
    orders.order_afresh(echo.release)
    assert selectors.prepared(echo.release_id, node.name).state == "queued"


@pytest.fixture
def upgrading(echo):
    """An operator asked for a release that is yet to be prepared, and nothing new comes by itself."""
    echo.reload = "manual"
    echo.save()
    release = packed(echo, "2.0.0")
    services.upgrade(US, "echo", "2.0.0")
    echo.refresh_from_db()
    assert echo.next_release == release
    return echo


def test_an_upgrade_that_is_being_prepared_replaces_nothing_yet(upgrading, node):
    """It once did, again and again: each new process was older than what was asked for."""
    assert (upgrading.generation, upgrading.asked_generation) == (1, 1)
    prepare(node)
    upgrading.refresh_from_db()
    assert (upgrading.generation, upgrading.asked_generation) == (2, 2)
    assert not upgrading.next_is_asked


@pytest.mark.parametrize("way", ["fails", "is called off"])
def test_what_was_asked_of_one_that_never_came_is_not_asked_of_the_next(upgrading, node, way):
    if way == "fails":
        prepare(node, fails="The disk is full.")
    else:
        services.rollback(US, "echo", "1.0.0")
        prepare(node)
    upgrading.refresh_from_db()
    releases.want(US, upgrading, packed(upgrading, "3.0.0"))
    prepare(node)
    upgrading.refresh_from_db()
    assert upgrading.release.version == "3.0.0"
    assert (upgrading.generation, upgrading.asked_generation) == (2, 1)


def test_a_restart_while_it_is_being_prepared_does_not_hold_it_back(upgrading, node):
    services.restart(US, "echo")
    prepare(node)
    upgrading.refresh_from_db()
    assert (upgrading.generation, upgrading.asked_generation) == (3, 3)


def test_a_node_that_gets_a_process_meanwhile_prepares_what_is_coming(upgrading, node):
    late = make_node("late")
    make_instance(upgrading, 1, node=late)
    prepare(node)
    preparations.catch_up("late")
    prepare(late)
    upgrading.refresh_from_db()
    assert (upgrading.release.version, upgrading.next_release) == ("2.0.0", None)


def test_a_node_where_it_had_failed_already_gets_a_process(upgrading, node):
    other = make_node("other")
    orders.order_on(upgrading.next_release, [other])
    prepare(other, fails="The disk is full.")
    make_instance(upgrading, 1, node=other)
    prepare(node)
    preparations.catch_up(node.name)
    upgrading.refresh_from_db()
    assert (upgrading.release.version, upgrading.next_release) == ("1.0.0", None)


def test_one_that_fails_everywhere_after_a_stop_is_on_its_way_no_more(upgrading, node):
    upgrading.instances.update(wanted=False, state="exited")
    Plugin.objects.filter(id=upgrading.id).update(desired="stopped")
    prepare(node, fails="The disk is full.")
    upgrading.refresh_from_db()
    assert upgrading.next_release is None
