"""Gauges for `/metrics`, read from rows when they are asked for and remembered for a second."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Final

from django.db import Error as DatabaseError
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from monitoring import figures
from plugins_app.models import Plugin
from registry.models import Agent

log = logging.getLogger(__name__)
LIFE_SECONDS: Final = 1.0
ACTIVE_AGENTS: Final = (Agent.State.READY, Agent.State.BUSY)
LOADED_PLUGINS: Final = (Plugin.State.LOADED, Plugin.State.RUNNING, Plugin.State.PAUSED)


class RowGauges(Collector):
    """Costs seven short queries a second at most, however often it is scraped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: list[Metric] = []
        self._until = 0.0

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask a database that may not be there yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._read = _gauges()
                self._until = time.monotonic() + LIFE_SECONDS
            yield from self._read


def _gauges() -> list[Metric]:
    """A database that is away costs the gauges, not the whole page."""
    try:
        return [*_counts(), *_of_plugins()]
    except DatabaseError as error:
        log.warning("gauges could not be read: %s", error)
        return []


def _counts() -> Iterator[Metric]:
    agents = figures.agents_by_state()
    active = sum(agents.get(state, 0) for state in ACTIVE_AGENTS)
    yield GaugeMetricFamily("a2a_active_agents", "Agents that answer.", value=active)
    yield GaugeMetricFamily(
        "agentx_tasks_running", "Tasks that an agent works on.", value=figures.tasks_running()
    )
    yield GaugeMetricFamily(
        "agentx_push_pending",
        "Webhooks that have something still to hear.",
        value=figures.pushes_pending(),
    )
    yield _by("agentx_agent_count", "Agents.", "state", agents)
    yield _by("agentx_process_count", "Plugin processes.", "state", figures.processes_by_state())
    yield _by("agentx_alert_count", "Open alerts.", "state", figures.open_alerts_by_state())


def _of_plugins() -> Iterator[Metric]:
    plugins = figures.plugin_figures()
    loaded = sum(plugin.state in LOADED_PLUGINS for plugin in plugins)
    yield GaugeMetricFamily("a2a_loaded_plugins", "Plugins that are loaded.", value=loaded)
    for name, told, field in (
        ("agentx_process_rss_bytes", "Memory of its processes.", "rss_bytes"),
        ("agentx_messages_in_flight", "Messages its processes work on.", "in_flight"),
        ("agentx_replicas_wanted", "Processes it should have.", "replicas_wanted"),
    ):
        yield _by(name, told, "plugin", {one.slug: getattr(one, field) for one in plugins})
    restarts = CounterMetricFamily(
        "agentx_process_restarts_total", "Starts after an end nobody asked for.", labels=["plugin"]
    )
    for one in plugins:
        restarts.add_metric([one.slug], one.restarts)
    yield restarts


def _by(name: str, told: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


_gauges_of_rows = RowGauges()


def register(registry: CollectorRegistry = REGISTRY) -> None:
    registry.register(_gauges_of_rows)
