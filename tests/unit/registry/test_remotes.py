"""What is pure, or only rows, about agents elsewhere."""

from importlib import import_module

import pytest
from django.apps import apps

from registry.fetching.places import is_of_origin, places
from registry.interfaces import Interface, interfaces_of
from registry.models import HealthCheck, Upstream
from registry.services import health
from registry.services.health import note_look
from registry.sightings import Look
from security.context import count_hops, hops
from tests.factories import make_agent

CARD = "/.well-known/agent-card.json"
OLD = "/.well-known/agent.json"


def entry(url: str, binding: str = "JSONRPC", version: str = "1.0", **more: str) -> dict[str, str]:
    return {"url": url, "protocolBinding": binding, "protocolVersion": version} | more


def test_interfaces_in_the_card_s_order_as_far_as_they_are_spoken():
    card = {
        "supportedInterfaces": [
            entry("a", "SMOKE"),
            entry("b", "GRPC", tenant="t"),
            entry("c", "HTTP+JSON", "1.0.1"),
            entry("d", version="2.0"),
            {"url": 5},
            "nonsense",
        ]
    }
    assert interfaces_of(card) == [
        Interface("b", "GRPC", "1.0", "t"),
        Interface("c", "HTTP+JSON", "1.0"),
    ]


def test_the_form_of_0_3():
    card = {
        "url": "a",
        "preferredTransport": "GRPC",
        "protocolVersion": "0.3.0",
        "additionalInterfaces": [{"url": "b", "transport": "HTTP+JSON"}],
    }
    assert interfaces_of(card) == [
        Interface("a", "GRPC", "0.3"),
        Interface("b", "HTTP+JSON", "0.3"),
    ]
    assert interfaces_of({"url": "a"}) == [Interface("a", "JSONRPC", "0.3")]
    assert interfaces_of({}) == []


def test_where_a_card_may_be():
    assert places("https://x/y.json?z") == ["https://x/y.json?z"]
    assert places("https://x/y/") == [f"https://x/y{CARD}", f"https://x/y{OLD}", "https://x/y/"]
    assert places("https://x/y", endpoint=True) == [
        f"https://x/y{CARD}",
        f"https://x/y{OLD}",
        f"https://x{CARD}",
        f"https://x{OLD}",
    ]


@pytest.mark.parametrize(
    ("url", "other", "counts"),
    [
        ("https://x/jwks", "https://X/card", True),
        ("https://x/jwks", "https://x:8443/card", False),
        ("https://evil/jwks", "https://x/card", False),
        ("http://x/jwks", "http://x/card", False),
        ("http://10.0.0.1/jwks", "http://10.0.0.1/card", True),
        ("http://10.0.0.2/jwks", "http://10.0.0.2/card", False),
        ("http://near/jwks", "http://near/card", True),
    ],
)
def test_whose_keys_count(settings, url, other, counts):
    settings.WEBHOOK_ALLOW = ["10.0.0.1/32", "near"]
    assert is_of_origin(url, other) is counts


def test_hops_are_counted_and_nonsense_is_none():
    for told, counted in ((None, 0), ("", 0), ("3", 3), ("-1", 0), ("²", 0), ("9" * 30, 100)):
        count_hops(told)
        assert hops.get() == counted
    count_hops(None)


@pytest.mark.django_db
def test_only_the_newest_looks_are_kept(monkeypatch):
    monkeypatch.setattr(health, "KEPT_CHECKS", 3)
    upstream = Upstream.objects.create(
        agent=make_agent("far", source="remote", endpoint="x"), url="x"
    )
    for took in range(6):
        note_look(Look(upstream.id, is_ok=True, milliseconds=took))
    kept = HealthCheck.objects.order_by("time").values_list("milliseconds", flat=True)
    assert list(kept) == [3, 4, 5]


@pytest.mark.django_db
def test_a_port_that_answers_is_no_heartbeat():
    silent = make_agent("far", source="remote", endpoint="x", state="unknown", lease_seconds=60)
    upstream = Upstream.objects.create(agent=silent, url="x")
    note_look(Look(upstream.id, is_ok=True))
    silent.refresh_from_db()
    assert silent.state == "unknown"


@pytest.mark.django_db
def test_agents_known_before_get_an_upstream():
    make_agent("echo")
    make_agent("far", source="remote", endpoint="http://far.example/")
    migration = import_module("registry.migrations.0008_upstreams_of_known_agents")
    migration.make_upstreams(apps, None)
    migration.make_upstreams(apps, None)
    assert [(each.agent.slug, each.url) for each in Upstream.objects.all()] == [
        ("far", "http://far.example/")
    ]
