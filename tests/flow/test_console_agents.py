"""Agents in the console: one that lives elsewhere is looked at, then registered; cards are signed with new keys."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from registry.connections import credentials_of
from registry.models import Agent, SigningKey, Upstream
from registry.selectors import current_key
from registry.services import current_key as key_that_signs
from security.models import User
from tests.factories import make_agent, make_user

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


def console(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.filter(username=role).first() or make_user(role, role))
    return client


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
    before = key_that_signs()
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
