"""Alerts: pending while a rule begins to hold, firing once it held long enough, resolved when it ends."""

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring import frames, locks, metrics
from monitoring.broadcast import frame
from monitoring.catalogue import METRICS, Moment
from monitoring.frames import Kind
from monitoring.models import Alert, AlertRule
from monitoring.selectors import access_alert
from security import audit, permissions
from security.errors import Conflict
from security.models import ApiKey
from security.principals import Principal

State = Alert.State
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    AlertRule.Comparison.ABOVE: operator.gt,
    AlertRule.Comparison.AT_LEAST: operator.ge,
    AlertRule.Comparison.BELOW: operator.lt,
    AlertRule.Comparison.AT_MOST: operator.le,
}


@transaction.atomic
def evaluate_alerts() -> None:
    """Bring every alert to what its rule says now. One process at a time."""
    if not locks.first_come(locks.EVALUATE):
        return
    moment = Moment(timezone.now())
    for rule in AlertRule.objects.filter(enabled=True, metric__in=METRICS):
        _evaluate(rule, moment)


def _evaluate(rule: AlertRule, moment: Moment) -> None:
    compare = COMPARE[rule.comparison]
    readings = METRICS[rule.metric].read(moment)
    holding = {one.subject: one.value for one in readings if compare(one.value, rule.threshold)}
    known = {alert.subject: alert for alert in _open(rule)}
    for subject, value in holding.items():
        alert = known.get(subject) or Alert(rule=rule, subject=subject, since=moment.now)
        _holds(alert, value, moment.now)
    for subject, alert in known.items():
        if subject not in holding:
            _ends(alert, moment.now)


def _open(rule: AlertRule) -> list[Alert]:
    found = rule.alerts.exclude(state=State.RESOLVED).select_for_update()
    for alert in (listed := list(found)):
        alert.rule = rule  # known already: no query per alert
    return listed


def _holds(alert: Alert, value: float, now: datetime) -> None:
    is_new, before, alert.value = alert._state.adding, (alert.state, alert.value), value
    is_due = now - alert.since >= timedelta(seconds=alert.rule.for_seconds)
    if alert.state == State.PENDING and is_due:
        alert.state, alert.fired = State.FIRING, now
        _tell_webhook(alert, now)
    if is_new or (alert.state, alert.value) != before:
        alert.save()
        _show(alert, counted=is_new or alert.state != before[0])


def _ends(alert: Alert, now: datetime) -> None:
    """A pending alert that did not last leaves nothing; one that fired is resolved, and that is told too."""
    if alert.state == State.PENDING:
        transaction.on_commit(partial(frame, Kind.ALERT, frames.of_alert(alert, dropped=True)))
        alert.delete()
        return
    alert.state, alert.resolved = State.RESOLVED, now
    _tell_webhook(alert, now)
    alert.save()
    _show(alert, counted=True)


def resolve_all(rule: AlertRule) -> None:
    """End the open alerts of a rule that is no longer watched."""
    now = timezone.now()
    for alert in _open(rule):
        _ends(alert, now)


@transaction.atomic
def acknowledge_alert(principal: Principal, alert_id: UUID) -> Alert:
    """Somebody has seen it and takes care. Doing it twice changes nothing."""
    principal.require(permissions.ALERTS_ACKNOWLEDGE)
    alert = access_alert(principal, alert_id)
    seen = Alert.objects.filter(id=alert_id, state=State.FIRING).update(
        state=State.ACKNOWLEDGED,
        acknowledged=timezone.now(),
        acknowledged_by=_person(principal),
    )
    alert = access_alert(principal, alert_id)
    if seen:
        subject = f"{alert.rule.name} {alert.subject}".strip()
        audit.record(principal, "alert.acknowledged", "alert", str(alert.id), after={"of": subject})
        _show(alert, counted=True)
    elif alert.state != State.ACKNOWLEDGED:
        told = _("Only a firing alert can be acknowledged; this one is %(state)s.")
        raise Conflict(told % {"state": alert.state})
    return alert


def _person(principal: Principal) -> str | UUID | None:
    if principal.kind == "key":
        return ApiKey.objects.filter(id=principal.id).values_list("owner_id", flat=True).first()
    return principal.id if principal.kind == "user" else None


def _tell_webhook(alert: Alert, now: datetime) -> None:
    """Put it into the outbox. An end that overtakes a beginning not told yet is told in its place."""
    if not alert.rule.webhook_url:
        return
    alert.notify, alert.notify_attempts = alert.state, 0
    alert.notify_after, alert.notify_error = now, ""


def _show(alert: Alert, *, counted: bool) -> None:
    def show() -> None:
        if counted:
            metrics.alerts_total.labels(alert.state).inc()
        frame(Kind.ALERT, told)

    told = frames.of_alert(alert)
    transaction.on_commit(show)
