"""/api/v1: versions of agents' cards, and the keys that sign them."""

from typing import Any

import pytest

from registry import services, signing
from registry.models import SigningKey
from security.models import AuditEvent
from security.principals import system
from tests.callers import Api, problem
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


def publish(**changes: Any) -> None:
    told: dict[str, Any] = {
        "slug": "echo",
        "name": "Echo",
        "description": "Says it again.",
        "version": "1",
        "framework": "custom",
        "capabilities": [],
        "retry": "never",
        "card": {},
    }
    services.publish_agent(system("tests"), **(told | changes))


def test_versions_are_listed_shown_and_compared(api: Api) -> None:
    publish()
    publish(version="2", card={"skills": [{"id": "new", "name": "New"}]})
    client = api("viewer")
    listed = client.get("/api/v1/agents/echo/cards").json()["results"]
    assert [(row["version"], row["is_current"]) for row in listed] == [(2, True), (1, False)]
    first = client.get("/api/v1/agents/echo/cards/1").json()
    assert first["card"]["skills"][0]["id"] == "echo"
    assert "supportedInterfaces" not in first["card"]
    query = {"from": 1, "to": 2}
    changes = client.get("/api/v1/agents/echo/cards/diff", query).json()
    told = {change["path"]: change["kind"] for change in changes}
    assert told == {"version": "changed", "skills[echo]": "removed", "skills[new]": "added"}


def test_what_is_not_there_is_said(api: Api) -> None:
    publish()
    client = api("viewer")
    assert problem(client.get("/api/v1/agents/echo/cards/9"), 404) == "card_not_found"
    assert problem(client.get("/api/v1/agents/nobody/cards"), 404) == "agent_not_found"
    refused = client.get("/api/v1/agents/echo/cards/diff", {"from": 0})
    assert problem(refused, 400) == "invalid_input"
    assert set(refused.json()["fields"]) == {"from", "to"}


def test_an_agents_card_bears_a_good_signature(api: Api) -> None:
    publish()
    make_agent("mute")
    client = api("viewer")
    found = client.get("/api/v1/agents/echo/signature").json()
    assert (found["state"], found["algorithm"]) == ("verified", "ES256")
    assert client.get("/api/v1/agents/mute/signature").json()["state"] == "unsigned"


def test_keys_are_listed_and_rotated(api: Api) -> None:
    services.signing_key()
    client = api("admin")
    (before,) = client.get("/api/v1/card-keys").json()
    assert before["is_current"]
    assert "d" not in before["public"]
    made = client.post("/api/v1/card-keys/rotate", {"algorithm": "EdDSA"}, format="json").json()
    assert made["algorithm"] == "EdDSA"
    listed = {row["kid"]: row["is_current"] for row in client.get("/api/v1/card-keys").json()}
    assert listed == {made["kid"]: True, before["kid"]: False}
    assert client.post("/api/v1/card-keys/rotate").json()["algorithm"] == "EdDSA"
    refused = client.post("/api/v1/card-keys/rotate", {"algorithm": "none"}, format="json")
    assert problem(refused, 400) == "invalid_input"
    assert AuditEvent.objects.filter(action="card_key.rotated").count() == 2


def test_a_retired_key_cannot_sign_any_more_and_leaves_when_nothing_bears_it() -> None:
    old = services.signing_key()
    services.rotate_card_key(system("tests"))
    old.refresh_from_db()
    assert (old.sealed, old.is_current) == ("", False)
    SigningKey.objects.filter(id=old.id).update(retired="2026-01-01T00:00Z")
    services.rotate_card_key(system("tests"))
    assert not SigningKey.objects.filter(id=old.id).exists()


def test_a_private_key_is_sealed_and_never_told(api: Api) -> None:
    key = services.signing_key()
    assert '"d"' not in key.sealed
    assert key.sealed not in api("admin").get("/api/v1/card-keys").content.decode()
    card = {"name": "x", "description": "x", "version": "1"}
    made = services.sign_card(card)
    assert services.sign_card(card) == made  # not signed again: ES256 differs each time
    assert signing.verify(made, trusted=[key.public]).state == "verified"
