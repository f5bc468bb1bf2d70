"""Agents in the console: found, compared with what they were, open or retired; one that lives elsewhere is looked at, then registered; cards are signed with new keys."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from registry.connections import credentials_of
from registry.models import Agent, AgentCard, HealthCheck, SigningKey, Upstream
from registry.selectors import current_key
from registry.services import signing_key
from tests.callers import console
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


class Elsewhere(ThreadingHTTPServer):
    """A host with one card, which may be asked for with a token only."""

    card: dict[str, Any]
    token = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Cards(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        told = self.headers.get("Authorization", "")
        is_there = self.path == "/.well-known/agent-card.json"
        may = told == f"Bearer {self.server.token}" if self.server.token else True
        self.send_response(404 if not is_there else 200 if may else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.server.card).encode())

    def log_message(self, *_: object) -> None:
        """The test's output stays its own."""


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[Elsewhere]:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    with Elsewhere(("127.0.0.1", 0), _Cards) as server:
        interface = {"url": f"{server.url}/a2a/", "protocolBinding": "JSONRPC"}
        server.card = {
            "name": "Weather <b>far</b> away",
            "description": "Tells the weather.",
            "version": "2.1",
            "supportedInterfaces": [interface | {"protocolVersion": "1.0"}],
            "capabilities": {"streaming": True},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "forecast", "name": "Forecast", "description": "x", "tags": ["sun"]}],
        }
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def digest_in(page: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found is not None, page
    return found[1]


def test_a_card_is_shown_and_nothing_is_kept(elsewhere: Elsewhere) -> None:
    shown = console("developer").post("/register/", {"card_url": elsewhere.url, "look": ""})
    page = shown.content.decode()
    for told in ("Tells the weather.", "unsigned", "JSONRPC 1.0", "Forecast", "plain HTTP"):
        assert told in page
    assert "<b>far</b>" not in page
    assert shown["Cache-Control"] == "no-store"
    assert not Agent.objects.exists()


def test_what_was_shown_is_registered(elsewhere: Elsewhere) -> None:
    elsewhere.token = "s3cret"
    client = console("developer")
    form = {"card_url": elsewhere.url, "name": "Weather", "scheme": "bearer", "secret": "s3cret"}
    shown = client.post("/register/", form).content.decode()
    made = client.post("/register/", {**form, "digest": digest_in(shown), "register": ""})
    assert (made.status_code, made["Location"]) == (302, "/agents/weather/")
    upstream = Upstream.objects.get(agent__slug="weather")
    assert credentials_of(upstream)["token"] == "s3cret"
    page = client.get("/agents/weather/").content.decode()
    assert "Weather is registered" in page or "weather is registered" in page
    assert "s3cret" not in page


def test_another_card_than_the_one_shown_is_not_registered(elsewhere: Elsewhere) -> None:
    client, form = console("developer"), {"card_url": elsewhere.url, "name": "Weather"}
    digest = digest_in(client.post("/register/", form).content.decode())
    elsewhere.card["description"] = "Tells something else."
    again = client.post("/register/", {**form, "digest": digest, "register": ""})
    assert "has changed since it was shown" in again.content.decode()
    assert not Agent.objects.exists()


def test_why_a_card_cannot_be_had_is_told_in_the_form(elsewhere: Elsewhere) -> None:
    client = console("developer")
    for address in (f"{elsewhere.url}/nothing/here.json", "http://10.1.2.3/", "nonsense"):
        page = client.post("/register/", {"card_url": address}).content.decode()
        assert "errorlist" in page, address
        assert "Register it" not in page


def test_a_name_that_is_taken_is_told_before(elsewhere: Elsewhere) -> None:
    make_agent("echo")
    form = {"card_url": elsewhere.url, "name": "Echo"}
    page = console("developer").post("/register/", form).content.decode()
    assert "There is already an agent" in page
    assert re.search(r'name="register"\s+disabled', page)


def test_cards_are_signed_with_a_new_key() -> None:
    before = signing_key()
    client = console("admin")
    assert before.kid in client.get("/card-keys/").content.decode()
    client.post("/card-keys/rotate/", {"algorithm": "EdDSA"})
    now = current_key()
    assert now is not None
    assert (now.algorithm, now.kid == before.kid) == ("EdDSA", False)
    page = client.get("/card-keys/").content.decode()
    assert page.index(now.kid) < page.index(before.kid)
    client.post("/card-keys/rotate/", {"algorithm": "none"})
    assert SigningKey.objects.filter(is_current=True).get() == now


def test_a_search_says_why_and_goes_on_page_by_page() -> None:
    for number in range(60):
        make_agent(f"translator-{number:02}", description="Turns words into other words.")
    client, seen, path = console("viewer"), [], "/agents/?q=words"
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r'href="/agents/(translator-\d+)/"', page)
        further = re.search(r'href="(\?[^"]+)" rel="next"', page)
        path = f"/agents/{further[1]}".replace("&amp;", "&") if further else ""
    assert len(seen) == len(set(seen)) == 60
    assert "text &#x27;words&#x27; in description" in page
    assert "These resemble it" in client.get("/agents/?q=tranzlator").content.decode()
    assert "No agent matches" in client.get("/agents/?q=zzzzzz").content.decode()


def test_two_versions_of_a_card_are_compared() -> None:
    agent = make_agent("changed")
    for version, name in enumerate(("Old", "Middle", "New"), 1):
        card = {"name": name, "description": "It changes.", "version": "1"}
        digest, newest = str(version) * 64, version == 3
        AgentCard.objects.create(
            agent=agent, version=version, card=card, digest=digest, is_current=newest
        )
    client = console("viewer")
    newest = client.get("/agents/changed/").content.decode()
    assert "<del>Middle</del>" in newest
    assert "<ins>New</ins>" in newest
    asked = client.get("/agents/changed/?from=1&to=3").content.decode()
    assert "<del>Old</del>" in asked
    assert client.get("/agents/changed/?from=1&to=9").status_code == 404
    assert client.get("/agents/changed/?from=x&to=").status_code == 200


@pytest.fixture
def afar() -> Upstream:
    """An agent elsewhere whose card has changed since it was approved."""
    agent = make_agent("afar", source="remote", endpoint="https://afar.example/")
    interface = {"url": "https://afar.example/", "protocolBinding": "JSONRPC"}
    card = {"name": "Afar", "version": "1", "supportedInterfaces": [interface]}
    upstream = Upstream.objects.create(
        agent=agent,
        url="https://afar.example/",
        card=card,
        pending_card=card | {"version": "2"},
        pending_digest="2",
        health="error",
        detail="It takes no connection.",
    )
    for number in range(3):
        HealthCheck.objects.create(upstream=upstream, is_ok=number > 0, milliseconds=number * 10)
    return upstream


def test_an_agent_elsewhere_shows_how_it_is(afar: Upstream) -> None:
    shown = console("viewer").get("/agents/afar/").content.decode()
    for told in ("Its card has changed", "<ins>2</ins>", "It takes no connection.", "67 %"):
        assert told in shown
    assert "/card/approve/" not in shown


@pytest.mark.parametrize(("verb", "version"), [("approve", "2"), ("reject", "1")])
def test_a_changed_card_is_approved_or_rejected(afar: Upstream, verb: str, version: str) -> None:
    client = console("developer")
    assert f"/card/{verb}/" in client.get("/agents/afar/").content.decode()
    client.post(f"/agents/afar/card/{verb}/")
    afar.refresh_from_db()
    assert (afar.card["version"], afar.pending_card) == (version, None)
    assert "Its card has changed" not in client.get("/agents/afar/").content.decode()


def test_an_agent_is_retired(afar: Upstream) -> None:
    client = console("developer")
    page = "http://testserver/agents/afar/"
    assert client.post("/agents/afar/retire/", headers={"referer": page})["Location"] == "/agents/"
    assert client.get("/agents/afar/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("source=remote", {"afar"}),
        ("trust=public", {"echo"}),
        ("capability=talk", {"echo"}),
        ("q=afar", {"afar"}),
        ("q=afarr", {"afar"}),
        ("q=echo&source=remote", set()),
        ("capability=talk,nothing", set()),
        ("framework=custom", {"echo"}),
        ("state=ready&capability=nothing", set()),
    ],
)
def test_agents_are_filtered_by_the_address(afar: Upstream, asked: str, found: set[str]) -> None:
    make_agent("echo", capabilities=("talk",), trust="public", framework="custom")
    shown = console("viewer").get(f"/agents/?{asked}").content.decode()
    assert set(re.findall(r'href="/agents/([a-z]+)/"', shown)) == found
