"""A sample of all figures every two seconds: a numbered row, the points of the charts, and a live frame."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from monitoring import figures, locks
from monitoring.broadcast import send
from monitoring.models import MetricPoint, Sample
from monitoring.selectors import SAMPLE_SECONDS, as_frame

KEPT: Final = timedelta(hours=24)
SAMPLES_KEPT: Final = timedelta(hours=1)
FINE_KEPT: Final = timedelta(hours=1)
COARSE_SECONDS: Final = 30
CHARTED: Final = (
    "messages_per_second",
    "error_rate",
    "latency_p50_seconds",
    "latency_p95_seconds",
    "tasks_running",
    "in_flight",
    "rss_bytes",
)
CHARTED_PER_PLUGIN: Final = (
    "rss_bytes",
    "cpu_percent",
    "in_flight",
    "replicas_wanted",
    "processes_running",
)


@transaction.atomic
def take_sample() -> Sample | None:
    """Count, keep, and show once committed. None when another process is at it."""
    if not locks.first_come(locks.SAMPLE):
        return None
    now = timezone.now()
    sample = Sample.objects.create(time=now, figures=figures.overview(now))
    MetricPoint.objects.bulk_create(_points(now, sample.figures))
    transaction.on_commit(partial(send, as_frame(sample)))
    return sample


def _points(now: datetime, told: dict[str, Any]) -> list[MetricPoint]:
    counted = {name: told[name] for name in CHARTED}
    counted["agents_ready"] = told["agents"].get("ready", 0) + told["agents"].get("busy", 0)
    counted["processes_running"] = told["processes"].get("running", 0)
    points = [
        MetricPoint(time=now, name=name, value=value)
        for name, value in counted.items()
        if value is not None
    ]
    return points + [
        MetricPoint(time=now, name=f"plugin_{name}", subject=plugin["slug"], value=plugin[name])
        for plugin in told["by_plugin"]
        for name in CHARTED_PER_PLUGIN
    ]


def prune() -> int:
    """Forget points after a day; after an hour keep one of every half minute. Gives how many rows went."""
    now = timezone.now()
    gone, _ = MetricPoint.objects.filter(time__lt=now - KEPT).delete()
    gone += Sample.objects.filter(time__lt=now - SAMPLES_KEPT).delete()[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM monitoring_metricpoint WHERE time < %s"
            " AND extract(epoch FROM time)::bigint %% %s >= %s",
            [now - FINE_KEPT, COARSE_SECONDS, SAMPLE_SECONDS],
        )
        return gone + int(cursor.rowcount)
