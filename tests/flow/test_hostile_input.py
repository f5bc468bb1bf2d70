"""What nobody well-meaning sends: every endpoint that reads a body answers with a clear 4xx, and keeps nothing."""

import base64
import json

import pytest
from django.conf import settings
from django.test import Client

from registry.models import Agent
from routing.a2a import params
from security.errors import InvalidInput
from security.parsers import MAX_DEPTH
from tests.callers import Api, problem
from tests.factories import make_agent, make_plugin, make_user

pytestmark = pytest.mark.django_db

ENDPOINTS = [
    ("POST", "/api/v1/agents/register"),
    ("POST", "/api/v1/plugins/load"),
    ("POST", "/api/v1/plugins/echo/scale"),
    ("PUT", "/api/v1/plugins/echo/config"),
    ("POST", "/api/v1/alert-rules"),
    ("PATCH", "/api/v1/alert-rules/node-lost"),
    ("PUT", "/api/v1/autoscaling/policies/echo"),
    ("POST", "/api/v1/keys"),
    ("POST", "/api/v1/users"),
    ("PUT", "/api/v1/users/olga/role"),
]
BODIES = {
    "cut short": b'{"name":',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "NaN": b'{"threshold": NaN}',
    "beyond any number": b'{"threshold": 1e999}',
    "U+0000": b'{"name": "a\\u0000b"}',
    "U+0000 deep inside": b'{"metadata": {"a": [{"b": "\\u0000"}]}, "config": {"\\u0000": 1}}',
    "a lone surrogate": b'{"name": "a\\ud800"}',
    "too deep": b'{"metadata": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
    "deep enough for any stack": b"[" * 200_000 + b"]" * 200_000,
    "a list": b"[]",
    "null": b"null",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_bad_body_is_a_400(api: Api, method: str, path: str, body: bytes) -> None:
    make_plugin("echo")
    make_user("olga")
    answer = api("admin").generic(method, path, body, content_type="application/json")
    assert problem(answer, 400) == "invalid_input"


@pytest.mark.parametrize(
    "metadata",
    ['{"description": "\\u0000"}', '{"\\ud800": 1}', '{"a": -1e999}', '{"a": "\\u0000"}'],
)
def test_nothing_is_kept_of_what_cannot_be_told_again(api: Api, metadata: str) -> None:
    body = f'{{"name": "x", "endpoint": "http://example.org/", "metadata": {metadata}}}'
    answer = api("admin").post("/api/v1/agents/register", body, content_type="application/json")
    problem(answer, 400)
    assert not Agent.objects.exists()


@pytest.mark.parametrize("media_type", ["text/xml", "application/x-www-form-urlencoded", ""])
def test_another_type_of_body_is_a_415(api: Api, media_type: str) -> None:
    answer = api("admin").generic("POST", "/api/v1/keys", b"a=b", content_type=media_type)
    problem(answer, 415)


def test_a_large_body_is_a_413(api: Api) -> None:
    body = b'"' + b"x" * settings.MAX_BODY_BYTES + b'"'
    answer = api("admin").generic("POST", "/api/v1/keys", body, content_type="application/json")
    problem(answer, 413)


@pytest.mark.parametrize(
    "cursor",
    ["x", "%C3%B1", "cD1ub3doZXJl", "cD0wMDAw", "cD0lMDA=", "bz05OTk5OTk5OTk5OTk5JnA9eA==", "%FF"],
)
@pytest.mark.parametrize("path", ["agents", "tasks", "audit", "users", "plugins", "alerts"])
def test_a_made_up_cursor_is_never_a_500(api: Api, path: str, cursor: str) -> None:
    answer = api("admin").get(f"/api/v1/{path}?cursor={cursor}")
    assert answer.status_code in (200, 400), answer.content
    if answer.status_code == 400:
        problem(answer, 400)


@pytest.mark.parametrize("size", ["0", "-1", "1000000000", "x", "1" * 5000])
def test_any_page_size_is_survived(api: Api, size: str) -> None:
    make_agent()
    answer = api("admin").get(f"/api/v1/agents?page_size={size}")
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/agents/%00",
        "/api/v1/plugins/a%00b/start",
        "/api/v1/users/%00/role",
        "/api/v1/tasks?context_id=%00",
        "/agents/?q=%00",
        "/users/?q=a%00",
        "/metrics?%00",
    ],
)
def test_no_address_holds_the_character_zero(api: Api, path: str) -> None:
    assert problem(api("admin").get(path), 400) == "invalid_input"


@pytest.mark.parametrize(
    "ref", ["x" * 3000, "..%2f..%2fetc", "%ED%A0%80", "%FF", "'%22;--", "%F0%9F%A6%86"]
)
@pytest.mark.parametrize("kind", ["agents", "plugins", "nodes", "alert-rules"])
def test_any_name_is_just_not_there(api: Api, kind: str, ref: str) -> None:
    assert api("admin").get(f"/api/v1/{kind}/{ref}").status_code == 404


def test_what_the_forms_of_the_console_get_is_not_trusted_either() -> None:
    make_plugin("echo")
    browser = Client()
    browser.force_login(make_user("ada", "admin"))
    for path, data in [
        ("/users/ada/role/", {"role": "\0"}),
        ("/plugins/echo/scale/", {"replicas": "9" * 400}),
        ("/plugins/echo/scale/", {"replicas": "\0"}),
        ("/plugins/echo/configure/", {"config": "\0"}),
        ("/plugins/echo/configure/", {"config": json.dumps({"a": "\0"})}),
        ("/plugins/echo/configure/", {"config": "[" * 100_000}),
        ("/plugins/echo/configure/", {"config": '{"a": NaN}'}),
        ("/alerts/rules/new/", {"name": "\0", "threshold": "1e999"}),
        ("/keys/", {"name": "\0", "role": "\0"}),
    ]:
        assert browser.post(path, data).status_code < 500, path


def test_options_tell_nothing(api: Api) -> None:
    for path in ("/api/v1/agents", "/api/v1/docs/", "/api/v1/users"):
        assert api(None).options(path).status_code == 405


@pytest.mark.parametrize("told", ["unknown", "203.0.113.7:4711", "fe80::1%eth0", "", "' OR 1=1"])
def test_what_a_proxy_tells_of_the_address_stops_nothing(api: Api, told: str) -> None:
    body = {"name": "far", "endpoint": "http://far.example/"}
    answer = api("admin").post("/api/v1/agents/register", body, format="json", REMOTE_ADDR=told)
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/a2a/", "/a2a/echo/no/such", "/.well-known/x"]
)
def test_programs_are_told_in_json_that_nothing_is_there(path: str) -> None:
    assert problem(Client().get(path), 404) == "not_found"


@pytest.mark.parametrize("key", ["0x" + "1" * 34, "1_1" * 12, "-" * 35 + "1", "{" + "1" * 35, "x"])
def test_a_made_up_page_token_is_refused(key: str) -> None:
    token = base64.urlsafe_b64encode(f"2026-01-01T00:00:00+00:00 {key}".encode()).decode()
    with pytest.raises(InvalidInput, match="pageToken"):
        params.list_params({"pageToken": token})
