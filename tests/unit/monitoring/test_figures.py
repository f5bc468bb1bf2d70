"""Figures counted from rows, and what is kept of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from monitoring import figures
from monitoring.models import MetricPoint, Sample
from monitoring.selectors import overview, series
from monitoring.services import prune, take_sample
from plugins_app.models import PluginInstance
from security.errors import Forbidden, InvalidInput, NotAuthenticated
from security.principals import Principal
from tests.factories import make_agent, make_instance, make_plugin, make_task

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def closed(agent, ago, seconds, state="COMPLETED"):
    moment = NOW - timedelta(seconds=ago)
    return make_task(agent, state=state, created=moment - timedelta(seconds=seconds), closed=moment)


def test_traffic_of_nothing():
    assert figures.traffic(NOW) == figures.Traffic(0.0, 0, 0.0, None, None)


def test_traffic_counts_what_was_closed_lately():
    agent = make_agent()
    for ago, seconds in ((1, 1.0), (2, 2.0), (9, 3.0), (30, 4.0)):
        closed(agent, ago, seconds)
    closed(agent, 5, 5.0, "FAILED")
    closed(agent, 61, 60.0)  # too long ago
    make_task(agent, state="WORKING")
    traffic = figures.traffic(NOW)
    assert traffic.messages_per_second == 0.4
    assert (traffic.closed, traffic.error_rate) == (5, 0.2)
    assert traffic.latency_p50_seconds == pytest.approx(3.0)
    assert traffic.latency_p95_seconds == pytest.approx(4.8)


def test_a_busy_minute_costs_no_more_than_its_newest_tasks(monkeypatch):
    monkeypatch.setattr(figures, "WINDOW_TASKS", 2)
    agent = make_agent()
    closed(agent, 1, 1.0)
    closed(agent, 2, 1.0)
    closed(agent, 3, 9.0, "FAILED")
    traffic = figures.traffic(NOW)
    assert (traffic.closed, traffic.error_rate) == (2, 0.0)
    assert traffic.messages_per_second == 0.3


def test_figures_of_plugins_add_up_their_live_processes():
    plugin = make_plugin(desired="running", desired_replicas=3, state="running")
    make_instance(plugin, 0, rss_bytes=100, cpu_percent=1.5, in_flight=2, in_flight_average=1.5)
    make_instance(plugin, 1, rss_bytes=300, in_flight=1)
    make_instance(plugin, 2, state=PluginInstance.State.FATAL, rss_bytes=999)
    make_plugin("idle")
    echo, idle = figures.plugin_figures()
    assert (echo.processes_running, echo.processes_fatal, echo.replicas_wanted) == (2, 1, 3)
    assert (echo.rss_bytes, echo.process_rss_bytes, echo.cpu_percent) == (400, 300, 1.5)
    assert (echo.in_flight, echo.in_flight_average) == (3, 1.5)
    assert (idle.slug, idle.replicas_wanted, idle.rss_bytes) == ("idle", 0, 0)


def test_the_overview_costs_few_queries(django_assert_num_queries):
    for number in range(5):
        make_instance(make_plugin(f"p{number}"))
    with django_assert_num_queries(8):
        figures.overview(NOW)


def test_a_sample_is_numbered_and_charted(operator):
    make_instance(make_plugin(agents=(make_agent(),)), rss_bytes=7)
    first, second = take_sample(), take_sample()
    assert second.id == first.id + 1
    told = overview(operator)
    assert (told["seq"], told["data"]) == (second.id, second.figures)
    assert [value for _, value in series(operator, "rss_bytes")] == [7.0]
    assert [value for _, value in series(operator, "plugin_rss_bytes", "echo")] == [7.0]
    assert series(operator, "latency_p50_seconds") == []  # nothing was closed: no point, not zero


def test_before_the_first_sample_the_overview_is_counted(operator):
    make_agent()
    told = overview(operator)
    assert (told["seq"], told["data"]["agents"]) == (0, {"ready": 1})


def test_figures_are_for_those_who_may_see_them(stranger):
    nobody = Principal(kind="user", id="1", label="nobody")
    with pytest.raises(NotAuthenticated):
        overview(stranger)
    with pytest.raises(Forbidden):
        series(nobody, "rss_bytes")


def test_a_chart_has_a_bounded_number_of_points(operator):
    start = timezone.now() - timedelta(hours=23)
    MetricPoint.objects.bulk_create(
        MetricPoint(time=start + timedelta(seconds=30 * n), name="in_flight", value=n)
        for n in range(2700)
    )
    points = series(operator, "in_flight", minutes=24 * 60)
    assert len(points) <= 601
    assert points == sorted(points)
    with pytest.raises(InvalidInput):
        series(operator, "in_flight", minutes=24 * 60 + 1)


def test_old_points_are_thinned_then_forgotten():
    now = timezone.now().replace(second=0, microsecond=0)

    def fill(age):
        MetricPoint.objects.bulk_create(
            MetricPoint(time=now - age + timedelta(seconds=2 * n), name="x", value=n)
            for n in range(30)
        )

    fill(timedelta(minutes=10))
    fill(timedelta(hours=3))
    fill(timedelta(hours=25))
    Sample.objects.create(time=now - timedelta(hours=2), figures={})
    kept = Sample.objects.create(time=now, figures={})
    assert prune() == 30 + 28 + 1
    recent = MetricPoint.objects.filter(time__gt=now - timedelta(hours=1))
    assert (recent.count(), MetricPoint.objects.count()) == (30, 32)
    assert Sample.objects.get() == kept
