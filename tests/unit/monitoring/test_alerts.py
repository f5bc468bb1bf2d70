"""Alert rules and what becomes of them: pending, firing, acknowledged, resolved."""

from datetime import timedelta

import pytest
from django.utils import timezone

from monitoring import selectors, services
from monitoring.catalogue import METRICS, Moment
from monitoring.models import Alert, AlertRule
from monitoring.services.rules import DEFAULTS
from plugins_app.models import PluginEvent, PluginInstance
from registry.models import Node, Upstream
from security.errors import Conflict, Forbidden, InvalidInput, NotFound
from security.models import AuditEvent
from tests.factories import make_agent, make_instance, make_node, make_plugin, make_task

pytestmark = pytest.mark.django_db
State = Alert.State


def make_rule(**fields):
    told = {"name": "r", "metric": "tasks_running", "comparison": "gte", "threshold": 1}
    return AlertRule.objects.create(**(told | fields))


def states():
    return list(Alert.objects.order_by("-since").values_list("state", flat=True))


def fire(**fields):
    """A rule that fires, and the task that makes it."""
    make_rule(**fields)
    task = make_task(make_agent(), state="WORKING")
    services.evaluate_alerts()
    return Alert.objects.get(), task


def finish(task):
    type(task).objects.filter(id=task.id).update(state="COMPLETED", closed=timezone.now())


def test_it_fires_at_once_without_a_for():
    alert, _ = fire()
    assert (alert.state, alert.value, alert.fired is not None) == (State.FIRING, 1.0, True)


def test_it_fires_only_after_it_held_long_enough():
    alert, _ = fire(for_seconds=60)
    assert alert.state == State.PENDING
    services.evaluate_alerts()
    assert states() == [State.PENDING]
    Alert.objects.update(since=timezone.now() - timedelta(seconds=61))
    services.evaluate_alerts()
    assert states() == [State.FIRING]


def test_a_pending_alert_that_does_not_last_leaves_nothing():
    _, task = fire(for_seconds=60)
    finish(task)
    services.evaluate_alerts()
    assert states() == []


def test_it_resolves_and_fires_again_as_a_new_alert():
    alert, task = fire()
    finish(task)
    services.evaluate_alerts()
    alert.refresh_from_db()
    assert (alert.state, alert.resolved is not None) == (State.RESOLVED, True)
    make_task(make_agent("b"), state="WORKING")
    services.evaluate_alerts()
    assert states() == [State.FIRING, State.RESOLVED]


def test_an_acknowledged_alert_stays_so_until_it_ends(operator):
    alert, task = fire()
    services.acknowledge_alert(operator, alert.id)
    services.evaluate_alerts()
    assert states() == [State.ACKNOWLEDGED]
    finish(task)
    services.evaluate_alerts()
    assert states() == [State.RESOLVED]


def test_acknowledging_is_written_down_once(operator):
    alert, _ = fire()
    services.acknowledge_alert(operator, alert.id)
    seen = services.acknowledge_alert(operator, alert.id)
    assert (seen.acknowledged_by.username, seen.state) == ("olga", State.ACKNOWLEDGED)
    assert AuditEvent.objects.filter(action="alert.acknowledged").count() == 1


def test_only_a_firing_alert_can_be_acknowledged(operator, caller):
    alert, _ = fire(for_seconds=60)
    with pytest.raises(Conflict):
        services.acknowledge_alert(operator, alert.id)
    with pytest.raises(Forbidden):
        services.acknowledge_alert(caller, alert.id)


@pytest.mark.parametrize(
    ("comparison", "holds"), [("gt", False), ("gte", True), ("lt", False), ("lte", True)]
)
def test_comparisons_at_the_threshold(comparison, holds):
    make_rule(comparison=comparison)
    make_task(make_agent(), state="WORKING")
    services.evaluate_alerts()
    assert Alert.objects.exists() is holds


def test_each_subject_has_an_alert_of_its_own():
    services.ensure_default_rules()
    fatal = PluginInstance.State.FATAL
    for slug in ("good", "bad", "worse"):
        make_instance(
            make_plugin(slug, desired="running"), state="running" if slug == "good" else fatal
        )
    services.evaluate_alerts()
    found = {a.subject: a.state for a in Alert.objects.all()}
    assert found == {"bad": State.FIRING, "worse": State.FIRING}
    PluginInstance.objects.filter(plugin__slug="bad").update(state="starting")
    services.evaluate_alerts()
    found = {a.subject: a.state for a in Alert.objects.all()}
    assert found == {"bad": State.RESOLVED, "worse": State.FIRING}


def test_a_stopped_plugin_alarms_nobody():
    services.ensure_default_rules()
    make_instance(make_plugin(desired="stopped"), state=PluginInstance.State.FATAL)
    services.evaluate_alerts()
    assert states() == []


def test_an_alert_whose_subject_is_gone_resolves():
    make_rule(metric="node_disconnected")
    node = make_node("far", state=Node.State.DISCONNECTED)
    services.evaluate_alerts()
    assert states() == [State.FIRING]
    node.delete()
    services.evaluate_alerts()
    assert states() == [State.RESOLVED]


def test_an_error_rate_needs_enough_messages():
    agent = make_agent()
    for _ in range(4):
        make_task(agent, state="FAILED")
    read = METRICS["error_rate"].read
    assert list(read(Moment(timezone.now()))) == []
    make_task(agent, state="COMPLETED")
    assert [reading.value for reading in read(Moment(timezone.now()))] == [0.8]


def test_every_metric_can_be_read():
    plugin = make_plugin(desired="running")
    instance = make_instance(plugin, rss_bytes=5)
    for type_, data in (("exited", {"delay": 0}), ("backoff", {"delay": 1}), ("exited", {})):
        PluginEvent.objects.create(plugin=plugin, instance=instance, type=type_, data=data)
    make_task(make_agent())
    read = {name: list(metric.read(Moment(timezone.now()))) for name, metric in METRICS.items()}
    assert read["process_rss_bytes"][0].value == 5
    assert [(one.subject, one.value) for one in read["plugin_restarts_5m"]] == [("echo", 2)]
    assert [(one.subject, one.value) for one in read["node_disconnected"]] == [("local", 0.0)]
    assert read["latency_p95_seconds"][0].value >= 0


def test_agents_elsewhere_that_are_down_or_have_changed():
    for slug, told in {
        "down": {"health": "error", "detail": "It burns."},
        "changed": {"pending_card": {"name": "x"}, "pending_digest": "0"},
        "well": {"health": "ready"},
    }.items():
        Upstream.objects.create(agent=make_agent(slug), url="http://far.example/", **told)
    moment = Moment(timezone.now())
    for name in ("agents_unreachable", "agent_cards_changed"):
        assert [reading.value for reading in METRICS[name].read(moment)] == [1]


def test_rules_are_managed_and_written_down(operator):
    rule = services.create_rule(
        operator, name="busy", metric="tasks_running", comparison="gt", threshold=9, for_seconds=5
    )
    services.update_rule(operator, "busy", threshold=10.0)
    rule.refresh_from_db()
    assert rule.threshold == 10
    services.update_rule(operator, "busy", threshold=10.0)  # changes nothing: not written down
    services.delete_rule(operator, "busy")
    actions = AuditEvent.objects.order_by("time").values_list("action", flat=True)
    assert [a for a in actions if a.startswith("alert_rule")] == [
        "alert_rule.created",
        "alert_rule.updated",
        "alert_rule.deleted",
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"metric": "nonsense"}, "metric"),
        ({"comparison": "about"}, "comparison"),
        ({"threshold": "much"}, "threshold"),
        ({"for_seconds": -1}, "for_seconds"),
        ({"severity": "dire"}, "severity"),
        ({"webhook_url": "ftp://example.org/"}, "webhook_url"),
        ({"webhook_url": "http://127.0.0.1:9/"}, "webhook_url"),
        ({"name": "not a slug"}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_values_are_named(operator, values, field):
    told = {"name": "r", "metric": "tasks_running", "comparison": "gt", "threshold": 1.0}
    with pytest.raises(InvalidInput) as refused:
        services.create_rule(operator, **(told | values))
    assert set(refused.value.fields) == {field}


def test_names_are_unique_and_what_ships_stays(operator):
    services.ensure_default_rules()
    with pytest.raises(Conflict):
        services.create_rule(
            operator, name="error-rate", metric="error_rate", comparison="gt", threshold=1
        )
    with pytest.raises(Conflict):
        services.delete_rule(operator, "error-rate")
    with pytest.raises(NotFound):
        services.update_rule(operator, "unknown", enabled=False)


def test_default_rules_keep_what_an_operator_changed(operator):
    services.ensure_default_rules()
    services.update_rule(operator, "error-rate", threshold=0.5)
    services.ensure_default_rules()
    rules = {rule.name: rule.threshold for rule in AlertRule.objects.all()}
    shipped = {rule["name"]: rule["threshold"] for rule in DEFAULTS}
    assert rules == shipped | {"error-rate": 0.5}


def test_a_rule_switched_off_resolves_its_alerts(operator):
    fire()
    services.update_rule(operator, "r", enabled=False)
    assert states() == [State.RESOLVED]
    services.evaluate_alerts()
    assert states() == [State.RESOLVED]


def test_a_developer_may_look_and_not_touch(caller):
    fire()
    assert selectors.alerts(caller).count() == 1
    with pytest.raises(Forbidden):
        services.update_rule(caller, "r", enabled=False)


def test_open_alerts_come_first(operator):
    fire()
    rule = AlertRule.objects.get()
    now = timezone.now()
    Alert.objects.create(
        rule=rule, subject="old", value=1, state="resolved", resolved=now, since=now
    )
    assert [a.state for a in selectors.alerts(operator)] == [State.FIRING, State.RESOLVED]
    assert [a.state for a in selectors.alerts(operator, "open")] == [State.FIRING]
    with pytest.raises(InvalidInput):
        selectors.alerts(operator, "odd")
