"""What a browser is forbidden to do for other sites: headers, hosts, origins, cookies; and bodies too large to keep."""

import json

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from agentx_site.doors import sockets
from agentx_site.lane import DISCARD_BYTES
from security.middleware import PAGE_POLICY
from security.models import ApiKey
from tests.callers import Api, problem
from tests.factories import PASSWORD, make_key, make_user
from tests.web import Web, call, message

OURS = ["agentx.example"]
EVERYWHERE = [
    "/login/",
    "/nowhere",
    "/api/v1/me",
    "/api/v1/docs/",
    "/metrics",
    "/static/console/icon.svg",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_of_django_limits_the_browser(path: str) -> None:
    answer = Client().get(path)
    assert answer["Content-Security-Policy"] == PAGE_POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    answer.close()


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in PAGE_POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe-inline" not in rules["script-src"]
    assert "http" not in PAGE_POLICY
    assert "*" not in PAGE_POLICY


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_every_answer_of_the_lane_limits_the_browser(web: Web) -> None:
    answers = [
        await web.get("/health"),
        await web.get("/.well-known/agent-card.json"),
        await web.get("/a2a/nobody/.well-known/agent-card.json"),
        await web.post("/a2a/echo/", call("SendMessage", {"message": message()})),
        await web.post("/a2a/echo/", call("SendStreamingMessage", {"message": message()})),
    ]
    for answer in answers:
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.django_db
def test_api_answers_are_kept_by_nobody(api: Api) -> None:
    assert api("viewer").get("/api/v1/me")["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/api/v1/me", "/metrics", "/"])
def test_a_foreign_host_name_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", OURS)
    assert problem(Client().get(path, headers={"host": "evil.example"}), 400) == "invalid_input"
    assert Client().get(path, headers={"host": "agentx.example"}).status_code != 400


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_a_foreign_host_name_is_refused_in_the_lane(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", OURS)
    card = "/.well-known/agent-card.json"
    assert (await web.get(card)).status == 400
    assert (await web.get(card, Host="agentx.example")).status == 200
    assert (await web.get("/health")).status == 200  # a prober knows only an address


def test_a_loopback_server_goes_by_its_own_names_only() -> None:
    assert "*" not in settings.ALLOWED_HOSTS
    assert {"localhost", "127.0.0.1", "[::1]"} <= set(settings.ALLOWED_HOSTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "is_opened"),
    [
        (None, True),
        ("http://127.0.0.1", True),
        ("http://127.0.0.1:9", False),
        ("http://evil.example", False),
        ("null", False),
        ("file://", False),
    ],
)
async def test_sockets_open_for_own_pages_and_programs(origin: str | None, is_opened: bool) -> None:
    _, key = await database_sync_to_async(make_key)()
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {key}".encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    wire = WebsocketCommunicator(sockets, "/ws/events", headers=headers)
    opened, _code = await wire.connect(timeout=5)
    assert opened is is_opened
    await wire.disconnect()


@pytest.mark.django_db
def test_cookies_are_kept_from_scripts_and_other_sites() -> None:
    make_user("tina", "viewer")
    browser = Client()
    browser.post("/login/", {"username": "tina", "password": PASSWORD})
    session = browser.cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    assert settings.SESSION_COOKIE_SECURE is settings.PUBLIC_URL.startswith("https://")


@pytest.mark.django_db
def test_no_unsafe_call_goes_on_a_session_alone() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user("ada", "admin"))
    key = make_key(role="viewer")[0]
    for method, path in [
        ("POST", "/api/v1/keys"),
        ("DELETE", f"/api/v1/keys/{key.id}"),
        ("PUT", "/api/v1/users/ada/role"),
        ("PATCH", "/api/v1/alert-rules/x"),
        ("POST", f"/keys/{key.id}/revoke/"),
        ("POST", "/users/ada/disable/"),
        ("POST", "/logout/"),
    ]:
        answer = browser.generic(method, path, json.dumps({"name": "x"}), "application/json")
        assert answer.status_code == 403, path
    assert ApiKey.objects.get().revoked is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/api/v1/keys", "/login/", "/nowhere", "/a2a/echo/"])
async def test_a_large_body_never_reaches_the_disk(web: Web, path: str) -> None:
    assert settings.MAX_BODY_BYTES < DISCARD_BYTES
    answer = await web.post(path, b"x" * (settings.MAX_BODY_BYTES + 1))
    assert answer.status == 413
    assert answer.headers["x-request-id"] in (await answer.text())


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
@pytest.mark.parametrize("path", sorted(settings.UPLOAD_PATHS))
async def test_a_package_may_be_larger_where_packages_are_taken(web: Web, path: str) -> None:
    """A package has up to 64 MiB. Who does not even say who they are stays at the limit of all others."""
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    named = {**form, "Authorization": "Bearer agx_nobody"}
    large = b"x" * (settings.MAX_BODY_BYTES + 1)
    assert (await web.post(path, large, headers=named)).status != 413
    for headers in (form, {**named, "Content-Type": "application/json"}):
        assert (await web.post(path, large, headers=headers)).status == 413
    too_large = b"x" * (settings.MAX_UPLOAD_BYTES + 1)
    answer = await web.post(path, too_large, headers={**named, "Expect": "100-continue"})
    assert answer.status == 413
