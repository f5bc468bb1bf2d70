"""/api/v1/plugins/{name}/config: texts in and out, revisions, secrets."""

import json
import tomllib
from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

from plugins_app.models import ConfigRevision, Plugin, PluginSecret
from tests.callers import Api, problem
from tests.factories import make_plugin

pytestmark = pytest.mark.django_db
CANARY = "canary-77aa"
URL = "/api/v1/plugins/echo/config"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "greeting": {"type": "string"},
        "api_key": {"type": "string"},
        "retries": {"type": "integer"},
        "list": {"type": "array", "items": {"type": "object"}},
        "nothing": {"type": "null"},
    },
}


@pytest.fixture
def admin(api: Api) -> APIClient:
    make_plugin("echo", manifest={"config_schema": SCHEMA, "config": {}})
    return api("admin")


def put(client: APIClient, text: str, format: str = "yaml", query: str = "") -> Any:
    return client.generic("PUT", URL + query, text, content_type=f"application/{format}")


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("json", '{"greeting": "hi", "list": [{"a": 1}]}'),
        ("yaml", "greeting: hi\nlist:\n  - a: 1\n"),
        ("toml", 'greeting = "hi"\n[[list]]\na = 1\n'),
    ],
)
def test_a_configuration_comes_and_goes_as_text(admin: APIClient, format: str, text: str) -> None:
    answer = put(admin, text, format, "?note=moved&base=0")
    assert (answer.status_code, answer.json()["revision"]) == (202, 1)
    assert Plugin.objects.get().config == {"greeting": "hi", "list": [{"a": 1}]}
    assert ConfigRevision.objects.get().note == "moved"
    readers = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
    for name, read in readers.items():
        for told in (
            admin.get(URL, {"format": name}),
            admin.get(URL, headers={"Accept": f"application/{name}"}),
        ):
            assert told["Content-Type"].startswith(f"application/{name}")
            assert read(told.content.decode()) == {"greeting": "hi", "list": [{"a": 1}]}


@pytest.mark.parametrize(
    ("format", "text", "told"),
    [
        ("yaml", "greeting: hi\nretries: many\n", "retries must be integer (line 2)"),
        ("toml", 'greeting = "hi"\n\nretries = "many"\n', "retries must be integer (line 3)"),
        ("json", '{"retries": "many"}', "retries must be integer"),
        ("yaml", "a: [", "This is no YAML"),
        ("toml", "a", "This is no TOML"),
        ("json", "{", "This is no JSON"),
        ("yaml", b"a: \xff", "no UTF-8"),
    ],
)
def test_a_wrong_text_is_told_with_its_line(
    admin: APIClient, format: str, text: Any, told: str
) -> None:
    answer = put(admin, text, format)
    problem(answer, 400)
    assert told in answer.json()["detail"]
    assert not ConfigRevision.objects.exists()


def test_refusals_are_json_whatever_was_asked_for(admin: APIClient) -> None:
    put(admin, "nothing: null")
    assert problem(admin.get(URL, {"format": "toml"}), 400) == "invalid_input"
    assert problem(admin.get(URL, {"format": "xml"}), 400) == "invalid_input"
    answer = admin.get("/api/v1/plugins/none/config", headers={"Accept": "application/yaml"})
    assert problem(answer, 404) == "plugin_not_found"


def test_who_looked_at_an_older_revision_is_refused(admin: APIClient) -> None:
    put(admin, "greeting: hi")
    answer = put(admin, "greeting: ho", query="?base=0")
    assert problem(answer, 409) == "config_changed"
    assert "owner-of-admin" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["?base=-1", "?base=x", f"?note={'x' * 501}", "?base=9999999999999"]
)
def test_a_wrong_query(admin: APIClient, query: str) -> None:
    problem(put(admin, "greeting: hi", query=query), 400)


def test_revisions_are_listed_compared_and_restored(admin: APIClient) -> None:
    put(admin, "greeting: one")
    put(admin, f"greeting: two\napi_key: {CANARY}")
    rows = admin.get(f"{URL}/revisions").json()["results"]
    assert [row["number"] for row in rows] == [2, 1]
    told = admin.get(f"{URL}/revisions/2").json()
    assert told["config"] == {"greeting": "two", "api_key": {"$secret": "api_key@2"}}
    assert [change["path"] for change in told["changes"]] == ["greeting", "api_key"]
    against = admin.get(f"{URL}/revisions/2", {"against": 2}).json()
    assert against["changes"] == []
    assert admin.get(f"{URL}/revisions/0").json()["config"] == {}
    body = {"number": 1, "note": "back"}
    restored = admin.post(f"{URL}/restore", body, format="json")
    assert (restored.status_code, restored.json()["revision"]) == (202, 3)
    assert admin.get(URL).json() == {"greeting": "one"}
    for path in (f"{URL}/revisions/9", f"{URL}/revisions/{10**12}"):
        assert problem(admin.get(path), 404) == "revision_not_found"
    missing = admin.post(f"{URL}/restore", {"number": 9}, format="json")
    assert problem(missing, 404) == "revision_not_found"


def test_a_check_changes_nothing(admin: APIClient) -> None:
    text = f"greeting: hi\nretries: x\napi_key: {CANARY}\n"
    answer = admin.generic("POST", f"{URL}/check", text, content_type="application/yaml")
    told = answer.json()
    assert told["problems"] == {"retries": "must be integer (line 2)"}
    assert not told["asked"] and "schema" in told["plugin"]
    good = admin.post(f"{URL}/check", {"greeting": "hi", "api_key": CANARY}, format="json").json()
    assert good["problems"] == {} and "none of its processes runs" in good["plugin"]
    assert [change["after"] for change in good["changes"]] == ["hi", "********"]
    assert CANARY not in answer.content.decode()
    assert not ConfigRevision.objects.exists() and not PluginSecret.objects.exists()


def test_secrets_are_set_named_and_taken_away_and_never_told(admin: APIClient) -> None:
    secrets = "/api/v1/plugins/echo/secrets"
    answers = [
        admin.put(f"{secrets}/api_key", {"value": CANARY}, format="json"),
        admin.get(secrets),
        admin.get(URL),
        admin.get(URL, {"format": "yaml"}),
        admin.get(f"{URL}/revisions/1"),
        admin.get("/api/v1/plugins/echo"),
        admin.get("/api/v1/plugins/echo/events"),
        admin.get("/api/v1/audit"),
    ]
    assert [answer.status_code for answer in answers[:7]] == [202, *[200] * 6]
    assert not any(CANARY in answer.content.decode() for answer in answers)
    (row,) = answers[1].json()
    assert (row["field"], row["name"], row["used"]) == ("api_key", "api_key@1", True)
    assert admin.delete(f"{secrets}/api_key").status_code == 204
    assert admin.get(secrets).json() == []
    assert problem(admin.delete(f"{secrets}/api_key"), 404) == "secret_not_found"


@pytest.mark.parametrize(
    "body", [{}, {"value": ""}, {"value": None}, {"value": {"a": 1}}, {"value": "x\0"}]
)
def test_a_secret_is_a_text(admin: APIClient, body: dict[str, Any]) -> None:
    answer = admin.put("/api/v1/plugins/echo/secrets/api_key", body, format="json")
    problem(answer, 400)
    assert not PluginSecret.objects.exists()


def test_an_export_can_be_taken_in_again(admin: APIClient) -> None:
    put(admin, f"greeting: hi\napi_key: {CANARY}")
    for format in ("json", "yaml", "toml"):
        text = admin.get(URL, {"format": format}).content.decode()
        assert CANARY not in text
        assert put(admin, text, format).json()["revision"] == 1


def test_no_body_is_no_configuration(admin: APIClient) -> None:
    for method, path in (("PUT", URL), ("POST", f"{URL}/check")):
        assert problem(admin.generic(method, path), 400) == "invalid_input"
    answer = admin.generic("PUT", URL, "<a/>", content_type="application/xml")
    problem(answer, 415)
