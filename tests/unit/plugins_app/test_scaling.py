"""The autoscaler's deed, on rows."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from plugins_app import scaling
from plugins_app.models import AutoscalePolicy, PluginInstance
from plugins_app.services import scale
from plugins_app.signals import scaling_decided
from security.errors import Forbidden, InvalidInput, NotFound
from security.models import AuditEvent
from tests.factories import make_instance, make_plugin

pytestmark = pytest.mark.django_db


def make_busy(in_flight, *, replicas=1, desired="running", sampled=None, **policy):
    """A plugin with a policy whose processes have these messages in flight, each."""
    plugin = make_plugin("slow-echo", desired=desired, desired_replicas=replicas)
    told = {"minimum": 1, "maximum": 4, "target_in_flight": 2, "cooldown_seconds": 15}
    AutoscalePolicy.objects.create(plugin=plugin, **(told | policy))
    for ordinal in range(replicas):
        make_instance(
            plugin,
            ordinal,
            in_flight_average=in_flight,
            sampled=sampled or timezone.now(),
        )
    return plugin


def later(plugin, seconds):
    """Let time pass: what was remembered is older."""
    plugin.events.update(time=F("time") - timedelta(seconds=seconds))
    policy = plugin.autoscale
    policy.refresh_from_db()
    policy.recommendations = [[time - seconds, n] for time, n in policy.recommendations]
    policy.save()


def wanted(plugin):
    plugin.refresh_from_db()
    return plugin.desired_replicas


def test_a_busy_plugin_grows_and_says_why(django_capture_on_commit_callbacks):
    plugin = make_busy(5.0)
    heard = []
    scaling_decided.connect(lambda sender, decision, **_: heard.append(decision), weak=False)
    with django_capture_on_commit_callbacks(execute=True):
        (decision,) = scaling.autoscale_all()
    assert wanted(plugin) == 3
    assert (decision.before, decision.after, decision.in_flight) == (1, 3, 5.0)
    assert decision.reason == "5.0 in flight, above the target of 2 per process"
    assert heard == [decision]
    event = AuditEvent.objects.get(action="plugin.scaled")
    assert (event.actor_label, event.after["replicas"]) == ("system:autoscaler", 3)
    assert plugin.events.get(type="scaled").data == {"from": 1, "to": 3}
    assert PluginInstance.objects.filter(plugin=plugin, wanted=True).count() == 3


def test_an_idle_plugin_shrinks_after_the_cooldown():
    plugin = make_busy(0.0, replicas=3)
    assert scaling.autoscale_all() == []
    later(plugin, 10)
    assert scaling.autoscale_all() == []
    later(plugin, 6)
    (decision,) = scaling.autoscale_all()
    assert (decision.before, decision.after, wanted(plugin)) == (3, 1, 1)


def test_stale_figures_change_nothing():
    old = timezone.now() - timedelta(seconds=11)
    plugin = make_busy(50.0, replicas=2, sampled=old)
    assert scaling.autoscale_all() == []
    later(plugin, 60)
    assert scaling.autoscale_all() == []
    assert wanted(plugin) == 2


@pytest.mark.parametrize("desired", ["stopped", "paused"])
def test_what_does_not_run_is_left_alone(desired):
    make_busy(50.0, desired=desired)
    assert scaling.autoscale_all() == []


def test_a_policy_may_be_switched_off(operator):
    plugin = make_busy(50.0)
    scaling.update_policy(operator, plugin.slug, enabled=False)
    assert scaling.autoscale_all() == []


def test_one_process_decides_at_a_time():
    plugin = make_busy(50.0)
    told = connection.get_connection_params()
    with psycopg.connect(**{k: told[k] for k in ("dbname", "user", "host", "port")}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [scaling.LOCK])
        assert scaling.autoscale_all() == []
        other.execute("SELECT pg_advisory_unlock(%s)", [scaling.LOCK])
    assert scaling.autoscale_all() != []
    assert wanted(plugin) == 4


def test_a_policy_is_set_and_written_down(operator):
    make_plugin("echo")
    policy = scaling.update_policy(operator, "echo", minimum=2, maximum=3, target_in_flight=1.5)
    assert (policy.minimum, policy.cooldown_seconds) == (2, 30)
    scaling.update_policy(operator, "echo", maximum=5)
    before, after = AuditEvent.objects.filter(action="autoscaling.updated").order_by("time")
    assert before.before is None
    assert (after.before["maximum"], after.after["maximum"]) == (3, 5)
    assert [p.plugin.slug for p in scaling.policies(operator)] == ["echo"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"minimum": 5}, "minimum"),
        ({"minimum": 0}, "minimum"),
        ({"maximum": 33}, "maximum"),
        ({"target_in_flight": 0}, "target_in_flight"),
        ({"target_in_flight": float("nan")}, "target_in_flight"),
        ({"cooldown_seconds": -1}, "cooldown_seconds"),
        ({"maximum": "many"}, "maximum"),
    ],
)
def test_bad_values_are_named(operator, values, field):
    make_plugin("echo")
    with pytest.raises(InvalidInput) as refused:
        scaling.update_policy(operator, "echo", **values)
    assert set(refused.value.fields) == {field}


def test_who_may(operator, caller):
    make_busy(0.0)
    with pytest.raises(Forbidden):
        scaling.update_policy(caller, "slow-echo", minimum=2)
    with pytest.raises(NotFound):
        scaling.update_policy(operator, "unknown", minimum=2)
    with pytest.raises(NotFound):
        scaling.access_policy(operator, "unknown")


def test_a_person_scales_within_the_policy(operator):
    plugin = make_busy(0.0)
    with pytest.raises(InvalidInput, match="between 1 and 4"):
        scale(operator, plugin.slug, 5)
    scale(operator, plugin.slug, 4)
    assert wanted(plugin) == 4


def test_what_a_person_asked_for_holds_for_a_cooldown(operator):
    plugin = make_busy(0.0)
    for _ in range(5):  # long enough at one process for the window to hold nothing else
        scaling.autoscale_all()
        later(plugin, 8)
    scale(operator, plugin.slug, 3)
    for instance in plugin.instances.all():
        instance.sampled = timezone.now()
        instance.state = "running"
        instance.pid, instance.address, instance.launch_id = 1, "unix:/x", instance.id
        instance.save()
    for _ in range(2):
        assert scaling.autoscale_all() == []
        later(plugin, 8)
    (decision,) = scaling.autoscale_all()
    assert (decision.before, decision.after) == (3, 1)
