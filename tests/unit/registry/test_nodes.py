"""Nodes live by their heartbeats."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry import selectors, services
from registry.errors import NodeNotFound
from registry.models import Node
from security.principals import Principal
from tests.factories import make_node

pytestmark = pytest.mark.django_db


def test_a_heartbeat_makes_a_node_active() -> None:
    services.heartbeat_node("local", {"cpus": 2, "memory_bytes": 8_000_000_000})
    node = services.heartbeat_node("local", {"cpu_percent": 12.5})
    assert (node.state, node.cpus, node.cpu_percent) == ("active", 2, 12.5)
    assert Node.objects.count() == 1


def test_a_silent_node_is_lost_and_comes_back() -> None:
    make_node("old", heartbeat=timezone.now() - timedelta(seconds=30))
    make_node("new")
    assert [node.name for node in services.mark_lost_nodes()] == ["old"]
    assert services.mark_lost_nodes() == []
    assert services.heartbeat_node("old", {}).state == Node.State.ACTIVE


def test_a_node_whose_clock_is_late_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    late = timezone.now() - timedelta(hours=1)
    with monkeypatch.context() as there:
        there.setattr(timezone, "now", lambda: late)
        services.heartbeat_node("local", {})
    assert services.mark_lost_nodes() == []


def test_a_node_in_maintenance_stays_there() -> None:
    make_node("local", state=Node.State.MAINTENANCE)
    assert services.heartbeat_node("local", {}).state == Node.State.MAINTENANCE


def test_unknown_figures_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="colour"):
        services.heartbeat_node("local", {"colour": "red"})


def test_a_node_is_found_by_name_and_by_id(operator: Principal) -> None:
    node = make_node()
    assert selectors.access_node(operator, "local") == node
    assert selectors.access_node(operator, str(node.id)) == node
    with pytest.raises(NodeNotFound):
        selectors.access_node(operator, "elsewhere")
