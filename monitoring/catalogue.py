"""The metrics that alert rules can watch: name, what it means, and how to read it from rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring import figures
from plugins_app.models import Plugin, PluginEvent
from registry.models import Node, Upstream

RESTARTS_WINDOW: Final = timedelta(minutes=5)
# A share of fewer messages than this says nothing: one failure of one message is 100 %.
ENOUGH_MESSAGES: Final = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of a metric; `subject` is a plugin or node, or empty for the whole."""

    subject: str
    value: float


@dataclass(frozen=True, slots=True)
class Metric:
    """What a rule can name. `subject` says whose value it is; a metric without readings holds nothing."""

    name: str
    label: Promise
    unit: str
    subject: str
    read: Callable[["Moment"], Iterable[Reading]]


class Moment:
    """One evaluation: every figure is read from the database at most once, however many rules ask."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._traffic: figures.Traffic | None = None
        self._plugins: list[figures.PluginFigures] | None = None

    @property
    def traffic(self) -> figures.Traffic:
        if self._traffic is None:
            self._traffic = figures.traffic(self.now)
        return self._traffic

    @property
    def plugins(self) -> list[figures.PluginFigures]:
        if self._plugins is None:
            self._plugins = figures.plugin_figures()
        return self._plugins


def _error_rate(moment: Moment) -> Iterable[Reading]:
    if moment.traffic.closed >= ENOUGH_MESSAGES:
        yield Reading("", moment.traffic.error_rate)


def _rate(moment: Moment) -> Iterable[Reading]:
    yield Reading("", moment.traffic.messages_per_second)


def _latency(moment: Moment) -> Iterable[Reading]:
    if moment.traffic.latency_p95_seconds is not None:
        yield Reading("", moment.traffic.latency_p95_seconds)


def _tasks_running(moment: Moment) -> Iterable[Reading]:
    yield Reading("", figures.tasks_running())


def _of_plugins(moment: Moment, *, field: str) -> Iterable[Reading]:
    wanted = (p for p in moment.plugins if p.desired != Plugin.Desired.STOPPED)
    return [Reading(plugin.slug, getattr(plugin, field)) for plugin in wanted]


def _restarts(moment: Moment) -> Iterable[Reading]:
    # One that ended as it was told to leaves no delay before its next start.
    unasked = Q(type=PluginEvent.Type.BACKOFF) | Q(
        type=PluginEvent.Type.EXITED, data__has_key="delay"
    )
    ended = PluginEvent.objects.filter(unasked, time__gt=moment.now - RESTARTS_WINDOW)
    counted = ended.order_by().values_list("plugin__slug").annotate(number=Count("*"))
    return [Reading(slug, number) for slug, number in counted]


def _disconnected(moment: Moment) -> Iterable[Reading]:
    gone = Node.State.DISCONNECTED
    states = Node.objects.values_list("name", "state")
    return [Reading(name, 1.0 if state == gone else 0.0) for name, state in states]


def _elsewhere(moment: Moment, *, wanted: Q) -> Iterable[Reading]:
    found = Upstream.objects.filter(wanted, agent__retired__isnull=True)
    yield Reading("", found.count())


METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric("error_rate", _("Share of failed messages, last minute"), "ratio", "", _error_rate),
        Metric("messages_per_second", _("Messages per second"), "1/s", "", _rate),
        Metric("latency_p95_seconds", _("Latency, 95th percentile"), "s", "", _latency),
        Metric("tasks_running", _("Tasks running"), "", "", _tasks_running),
        Metric(
            "plugin_fatal_processes",
            _("Processes given up after crashing again and again"),
            "",
            "plugin",
            partial(_of_plugins, field="processes_fatal"),
        ),
        Metric(
            "plugin_restarts_5m",
            _("Processes that ended unasked in the last 5 minutes"),
            "",
            "plugin",
            _restarts,
        ),
        Metric(
            "process_rss_bytes",
            _("Memory of the largest process"),
            "B",
            "plugin",
            partial(_of_plugins, field="process_rss_bytes"),
        ),
        Metric(
            "agents_unreachable",
            _("Agents elsewhere that cannot be reached"),
            "",
            "",
            partial(_elsewhere, wanted=Q(health=Upstream.Health.ERROR)),
        ),
        Metric(
            "agent_cards_changed",
            _("Changed cards of agents elsewhere that wait for approval"),
            "",
            "",
            partial(_elsewhere, wanted=Q(pending_card__isnull=False)),
        ),
        Metric(
            "node_disconnected", _("Node not heard of (1) or there (0)"), "", "node", _disconnected
        ),
    )
}
