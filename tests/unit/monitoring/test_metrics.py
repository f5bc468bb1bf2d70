"""What `/metrics` tells."""

import os
import subprocess
import sys

import pytest
from django.db import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import REGISTRY

from monitoring import collectors, figures, metrics
from routing.signals import TaskChanged, tasks_changed
from tests.factories import make_agent, make_instance, make_plugin, make_task


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.django_db
def test_a_closed_task_is_counted_and_timed():
    labels = {"agent": "m1", "door": "jsonrpc", "outcome": "completed"}
    before = value("a2a_messages_total", **labels)
    changes = [
        TaskChanged("1", "m1", "jsonrpc", "SUBMITTED", opened=True),
        TaskChanged("1", "m1", "jsonrpc", "WORKING"),
        TaskChanged("1", "m1", "jsonrpc", "COMPLETED", closed=True, seconds=0.3),
    ]
    tasks_changed.send(None, changes=changes)
    assert value("a2a_messages_total", **labels) == before + 1
    assert value("a2a_message_duration_seconds_count", agent="m1") == 1
    assert value("a2a_message_duration_seconds_bucket", agent="m1", le="0.5") == 1
    assert value("a2a_message_duration_seconds_bucket", agent="m1", le="0.25") == 0


def test_labels_stay_bounded(monkeypatch):
    monkeypatch.setattr(metrics, "_seen", {"a", "b"})
    monkeypatch.setattr(metrics, "MAX_AGENTS", 3)
    assert [metrics.bounded(slug) for slug in ("c", "d", "a")] == ["c", "other", "a"]


@pytest.fixture
def scrape():
    registry = CollectorRegistry()
    registry.register(collectors.RowGauges())
    return lambda: generate_latest(registry).decode()


@pytest.mark.django_db
def test_gauges_are_read_from_rows(scrape):
    agents = (make_agent("a"), make_agent("b", state="busy"), make_agent("c", state="error"))
    plugin = make_plugin(agents=agents, state="running", desired="running", desired_replicas=2)
    make_instance(plugin, rss_bytes=2048, in_flight=3, restarts=2)
    make_instance(plugin, 1, state="starting")
    make_task(agents[0], state="WORKING")
    told = scrape()
    for line in (
        "a2a_active_agents 2.0",
        "a2a_loaded_plugins 1.0",
        "agentx_tasks_running 1.0",
        'agentx_process_count{state="running"} 1.0',
        'agentx_process_count{state="starting"} 1.0',
        'agentx_process_rss_bytes{plugin="echo"} 2048.0',
        'agentx_messages_in_flight{plugin="echo"} 3.0',
        'agentx_replicas_wanted{plugin="echo"} 2.0',
        'agentx_process_restarts_total{plugin="echo"} 2.0',
    ):
        assert line in told.splitlines()


@pytest.mark.django_db
def test_a_second_scrape_within_a_second_asks_nothing(scrape, django_assert_num_queries):
    scrape()
    with django_assert_num_queries(0):
        scrape()


def test_registering_asks_no_database():
    collectors.register(CollectorRegistry())  # no db fixture: a query would be refused


def test_a_database_that_is_away_costs_only_the_gauges(scrape, monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(figures, "agents_by_state", away)
    assert "agentx_" not in scrape()


COUNT = """
import sys
from monitoring.metrics import count_task
from routing.signals import TaskChanged
count_task(TaskChanged("1", sys.argv[1], "jsonrpc", "COMPLETED", closed=True, seconds=0.1))
"""


@pytest.mark.django_db
def test_what_other_processes_counted_is_told_too(tmp_path, monkeypatch, client):
    """Two web processes and a worker share one page, whichever of them is asked."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(){COUNT}", "shared"],
            env=environment,
            check=True,
        )
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    answer = client.get("/metrics")
    assert answer.status_code == 200
    told = answer.content.decode().splitlines()
    count = 'a2a_messages_total{agent="shared",door="jsonrpc",outcome="completed"} 2.0'
    assert count in told
    assert "a2a_active_agents 0.0" in told


@pytest.mark.django_db
def test_the_page_tells_counters_and_gauges(client):
    told = client.get("/metrics").content.decode()
    for name in ("a2a_messages_total", "a2a_message_duration_seconds", "a2a_active_agents"):
        assert f"# TYPE {name.removesuffix('_total')}" in told or f"# TYPE {name}" in told
