"""The webhook's outbox: rows to be told, claimed by conditional update, so that two workers never tell one twice at once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from monitoring.frames import of_alert
from monitoring.models import Alert

MAX_ATTEMPTS: Final = 5
AT_ONCE: Final = 20
# While one worker tells it, for longer than it can take; then it counts as untold again.
CLAIM: Final = timedelta(seconds=30)
BACKOFF_SECONDS: Final = (5, 20, 60, 300)


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert to be told to one URL: attempt number `attempt`, counted from 1."""

    alert_id: str
    event: str
    attempt: int
    url: str
    body: dict[str, Any]


@transaction.atomic
def claim_notices() -> list[Notice]:
    """Take what is due; who takes it has `CLAIM` to say how it went."""
    now = timezone.now()
    due = (
        Alert.objects.filter(notify_after__lte=now)
        .exclude(notify="")
        .select_related("rule")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("notify_after")[:AT_ONCE]
    )
    return [_claimed(alert) for alert in due]


def _claimed(alert: Alert) -> Notice:
    alert.notify_attempts += 1
    alert.notify_after = timezone.now() + CLAIM
    alert.save(update_fields=["notify_attempts", "notify_after"])
    rule = alert.rule
    body = {
        "event": f"alert.{alert.notify}",
        "alert": of_alert(alert),
        "rule": {
            "name": rule.name,
            "metric": rule.metric,
            "comparison": rule.comparison,
            "threshold": rule.threshold,
        },
    }
    return Notice(str(alert.id), alert.notify, alert.notify_attempts, rule.webhook_url, body)


def note_told(notice: Notice) -> None:
    """It arrived. What the alert has become since then stays to be told."""
    _of(notice).update(notify="", notify_after=None, notify_error="")


def note_failed(notice: Notice, error: str) -> None:
    """It did not arrive: again later, or given up after `MAX_ATTEMPTS`, with the reason on the row."""
    if notice.attempt >= MAX_ATTEMPTS:
        told = f"given up after {notice.attempt} attempts: {error}"
        _of(notice).update(notify="", notify_after=None, notify_error=told)
        return
    again = timezone.now() + timedelta(seconds=BACKOFF_SECONDS[notice.attempt - 1])
    _of(notice).update(notify_after=again, notify_error=error)


def _of(notice: Notice) -> Any:
    return Alert.objects.filter(
        id=notice.alert_id, notify=notice.event, notify_attempts=notice.attempt
    )
