"""How things stand right now, counted from rows: the one source of pages, charts, alerts and gauges."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, Max, Q, QuerySet, Sum

from monitoring.models import Alert
from plugins_app.models import Plugin, PluginInstance
from registry.models import Agent, Node
from routing.models import ACTIVE, PushConfig, PushDelivery, Task, TaskState

RATE_SECONDS: Final = 10
WINDOW_SECONDS: Final = 60
# Bounds the cost at thousands of messages a second: then the window is the newest of the last minute.
WINDOW_TASKS: Final = 5_000
ALIVE: Final = (
    PluginInstance.State.RUNNING,
    PluginInstance.State.DEGRADED,
    PluginInstance.State.DRAINING,
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Tasks that were closed lately. The rate is over 10 s, the rest over the last minute."""

    messages_per_second: float
    closed: int
    error_rate: float  # failed of closed, 0 to 1
    latency_p50_seconds: float | None  # None: nothing was closed
    latency_p95_seconds: float | None


@dataclass(frozen=True, slots=True)
class PluginFigures:
    slug: str
    state: str
    desired: str
    replicas_wanted: int
    processes_running: int
    processes_fatal: int
    rss_bytes: int
    process_rss_bytes: int  # of the largest process
    restarts: int
    cpu_percent: float
    in_flight: int
    in_flight_average: float


_TRAFFIC = """
    WITH lately AS (
        -- Two machines' clocks may differ: nothing takes less than no time.
        SELECT state, greatest(extract(epoch FROM closed - created)::float8, 0) AS seconds
        FROM routing_task WHERE closed >= %(window)s AND closed <= %(now)s
        ORDER BY closed DESC LIMIT %(most)s
    )
    SELECT
        (SELECT count(*) FROM routing_task WHERE closed > %(rate)s AND closed <= %(now)s),
        count(*),
        count(*) FILTER (WHERE state = %(failed)s),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)
    FROM lately
"""


def traffic(now: datetime) -> Traffic:
    parameters: dict[str, datetime | int | str] = {
        "now": now,
        "rate": now - timedelta(seconds=RATE_SECONDS),
        "window": now - timedelta(seconds=WINDOW_SECONDS),
        "most": WINDOW_TASKS,
        "failed": TaskState.FAILED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TRAFFIC, parameters)
        recent, closed, failed, p50, p95 = cursor.fetchone()
    return Traffic(
        messages_per_second=recent / RATE_SECONDS,
        closed=closed,
        error_rate=failed / closed if closed else 0.0,
        latency_p50_seconds=p50,
        latency_p95_seconds=p95,
    )


def plugin_figures() -> list[PluginFigures]:
    alive, fatal = Q(instances__state__in=ALIVE), Q(instances__state=PluginInstance.State.FATAL)
    rows = (
        Plugin.objects.annotate(
            alive=Count("instances", filter=alive),
            fatal=Count("instances", filter=fatal & Q(instances__wanted=True)),
            rss=Sum("instances__rss_bytes", filter=alive),
            largest=Max("instances__rss_bytes", filter=alive),
            cpu=Sum("instances__cpu_percent", filter=alive),
            restarts=Sum("instances__restarts"),
            flying=Sum("instances__in_flight", filter=alive),
            flying_average=Sum("instances__in_flight_average", filter=alive),
        )
        .order_by("slug")
        .iterator()
    )
    return [
        PluginFigures(
            slug=row.slug,
            state=row.state,
            desired=row.desired,
            replicas_wanted=0 if row.desired == Plugin.Desired.STOPPED else row.desired_replicas,
            processes_running=row.alive,
            processes_fatal=row.fatal,
            rss_bytes=row.rss or 0,
            process_rss_bytes=row.largest or 0,
            restarts=row.restarts or 0,
            cpu_percent=row.cpu or 0.0,
            in_flight=row.flying or 0,
            in_flight_average=row.flying_average or 0.0,
        )
        for row in rows
    ]


def by_state(rows: QuerySet[Any]) -> dict[str, int]:
    """`{"ready": 2, "error": 1}`: only states that occur."""
    counted = rows.order_by().values_list("state").annotate(number=Count("*"))
    return dict(counted.order_by("state"))


def agents_by_state() -> dict[str, int]:
    return by_state(Agent.objects.filter(retired__isnull=True))


def processes_by_state() -> dict[str, int]:
    return by_state(PluginInstance.objects.exclude(state=PluginInstance.State.EXITED))


def open_alerts_by_state() -> dict[str, int]:
    return by_state(Alert.objects.exclude(state=Alert.State.RESOLVED))


def tasks_running() -> int:
    return Task.objects.filter(closed__isnull=True, state__in=sorted(ACTIVE)).count()


def pushes_pending() -> int:
    """Webhooks that have something of a task still to hear."""
    waiting = PushConfig.objects.filter(ended=None, task__seq__gt=F("delivered_seq"))
    return waiting.count() + PushDelivery.objects.filter(replay_due__isnull=False).count()


def overview(now: datetime) -> dict[str, Any]:
    """All figures of the overview as JSON values: what a metrics frame carries in `data`.

    `agents`, `plugins`, `processes`, `nodes`, `alerts` (the open ones): numbers by state. Then those of `Traffic`,
    `tasks_running`, `in_flight` (messages in plugin processes), `rss_bytes`, and `by_plugin`, one `PluginFigures` each.
    """
    plugins = plugin_figures()
    return {
        "agents": agents_by_state(),
        "plugins": by_state(Plugin.objects.all()),
        "processes": processes_by_state(),
        "nodes": by_state(Node.objects.all()),
        "alerts": open_alerts_by_state(),
        **asdict(traffic(now)),
        "tasks_running": tasks_running(),
        "in_flight": sum(plugin.in_flight for plugin in plugins),
        "rss_bytes": sum(plugin.rss_bytes for plugin in plugins),
        "by_plugin": [asdict(plugin) for plugin in plugins],
    }
