"""Questions about figures, alerts and rules. `access_<noun>` is the one door to a thing."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring import figures
from monitoring.catalogue import METRICS, Metric
from monitoring.frames import Kind
from monitoring.models import Alert, AlertRule, Sample
from security import permissions
from security.errors import InvalidInput, NotFound
from security.principals import Principal

MAX_POINTS: Final = 600
MAX_MINUTES: Final = 24 * 60
SAMPLE_SECONDS: Final = 2

_SERIES = """
    SELECT floor(extract(epoch FROM time) / %(step)s) * %(step)s AS moment, avg(value)
    FROM monitoring_metricpoint
    WHERE name = %(name)s AND subject = %(subject)s AND time > %(since)s
    GROUP BY moment ORDER BY moment
"""


def overview(principal: Principal) -> dict[str, Any]:
    """The newest sample in the very form of a live frame: `{"kind": "metrics", "seq", "time", "data"}`.

    A page applies it as it applies frames; the next frame has `seq + 1`, and any other means: read this again.
    Before the first sample `seq` is 0 and the figures are counted now.
    """
    principal.require(permissions.METRICS_VIEW)
    newest = Sample.objects.order_by("-id").first()
    if newest is None:
        now = timezone.now()
        newest = Sample(id=0, time=now, figures=figures.overview(now))
    return as_frame(newest)


def as_frame(sample: Sample) -> dict[str, Any]:
    return {
        "kind": Kind.METRICS.value,
        "seq": sample.id,
        "time": sample.time.isoformat(),
        "data": sample.figures,
    }


def series(
    principal: Principal, name: str, subject: str = "", minutes: int = 15
) -> list[list[float]]:
    """`[[unix milliseconds, value], …]`, oldest first, averaged so that there are at most `MAX_POINTS`.

    Names are those of the figures (`messages_per_second`, `rss_bytes`, …) and, with a plugin's slug as subject,
    `plugin_rss_bytes`, `plugin_cpu_percent`, `plugin_in_flight`, `plugin_replicas_wanted`, `plugin_processes_running`.
    """
    principal.require(permissions.METRICS_VIEW)
    if not 1 <= minutes <= MAX_MINUTES:
        told = _("must be 1 to %(most)d") % {"most": MAX_MINUTES}
        raise InvalidInput(f"minutes: {told}", fields={"minutes": told})
    step = max(SAMPLE_SECONDS, -(-minutes * 60 // MAX_POINTS))
    since = timezone.now() - timedelta(minutes=minutes)
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, {"name": name, "subject": subject, "since": since, "step": step})
        return [[float(moment) * 1000, value] for moment, value in cursor.fetchall()]


def alerts(principal: Principal, state: str = "") -> QuerySet[Alert]:
    """Open ones first, then the newest. `state` may also be `open`: everything but resolved."""
    principal.require(permissions.ALERTS_VIEW)
    is_closed = Case(
        When(state=Alert.State.RESOLVED, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    found = Alert.objects.select_related("rule", "acknowledged_by").order_by(
        is_closed, "-since", "-id"
    )
    if state == "open":
        return found.exclude(state=Alert.State.RESOLVED)
    if state and state not in Alert.State.values:
        known = ", ".join(["open", *Alert.State.values])
        told = _("must be one of %(known)s") % {"known": known}
        raise InvalidInput(f"state: {told}", fields={"state": _("unknown")})
    return found.filter(state=state) if state else found


def access_alert(principal: Principal, alert_id: UUID) -> Alert:
    alert = alerts(principal).filter(id=alert_id).first()
    if alert is None:
        raise NotFound(_("There is no such alert."))
    return alert


def alert_rules(principal: Principal) -> QuerySet[AlertRule]:
    principal.require(permissions.ALERTS_VIEW)
    return AlertRule.objects.order_by("name")


def access_rule(principal: Principal, name: str) -> AlertRule:
    rule = alert_rules(principal).filter(name=name).first()
    if rule is None:
        raise NotFound(_("There is no alert rule %(name)r.") % {"name": name})
    return rule


def rule_metrics(principal: Principal) -> list[Metric]:
    """What alert rules can watch."""
    principal.require(permissions.ALERTS_VIEW)
    return list(METRICS.values())
