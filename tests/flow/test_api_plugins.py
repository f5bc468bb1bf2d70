"""/api/v1/plugins: rows change and are told; the supervisor has its own tests."""

import json
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings

from plugins_app.models import Plugin, PluginInstance
from registry.models import Agent
from security.models import AuditEvent
from tests.callers import Api, problem
from tests.factories import make_agent, make_instance, make_node, make_plugin

pytestmark = pytest.mark.django_db
ECHO = Path(__file__).resolve().parents[2] / "plugins" / "echo"
WRITES = [
    ("post", "load"),
    ("delete", "echo"),
    ("post", "echo/start"),
    ("post", "echo/stop"),
    ("post", "echo/pause"),
    ("post", "echo/resume"),
    ("post", "echo/restart"),
    ("post", "echo/scale"),
    ("put", "echo/config"),
]
BODY = {"path": "/nowhere", "replicas": 2}


def test_a_plugin_is_installed_from_a_folder_and_goes_again(api: Api) -> None:
    client = api("admin")
    body = {"path": str(ECHO), "config": {"pause": 0.1}}
    answer = client.post("/api/v1/plugins/load", body, format="json")
    assert answer.status_code == 201, answer.content
    plugin = answer.json()
    assert (plugin["name"], plugin["state"], plugin["desired"]) == ("echo", "unloaded", "stopped")
    assert [agent["slug"] for agent in plugin["agents"]] == ["echo"]
    assert client.get("/api/v1/plugins/echo/config").json() == {"pause": 0.1}
    assert [row["name"] for row in client.get("/api/v1/plugins").json()["results"]] == ["echo"]
    assert client.get(f"/api/v1/plugins/{plugin['id']}").json()["name"] == "echo"

    assert client.delete("/api/v1/plugins/echo").status_code == 204
    assert problem(client.get("/api/v1/plugins/echo"), 404) == "plugin_not_found"
    assert not Agent.objects.filter(retired__isnull=True).exists()
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"plugin.installed", "plugin.uninstalled"} <= actions


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "path"),
        ({"path": "/nowhere"}, "/nowhere"),
        ({"path": "relative"}, "relative"),
        ({"path": "/etc/passwd"}, "/etc/passwd"),
        ({"path": str(ECHO), "config": []}, "config"),
        ({"path": str(ECHO), "config": {"pause": "long"}}, "pause"),
    ],
)
def test_what_cannot_be_installed_is_told(api: Api, body: dict[str, Any], told: str) -> None:
    answer = api("admin").post("/api/v1/plugins/load", body, format="json")
    assert answer.status_code == 400
    problem(answer, 400)
    assert told in answer.content.decode()
    assert not Plugin.objects.exists()


@pytest.mark.parametrize(
    ("verb", "desired"), [("start", "running"), ("stop", "stopped"), ("pause", "paused")]
)
def test_a_verb_changes_what_is_wanted(api: Api, verb: str, desired: str) -> None:
    make_node()
    make_plugin("echo", agents=(make_agent("echo"),))
    answer = api("operator").post(f"/api/v1/plugins/echo/{verb}")
    assert (answer.status_code, answer.json()["desired"]) == (202, desired)
    assert Plugin.objects.get().desired == desired
    event = AuditEvent.objects.get(target_type="plugin")
    assert (event.target, event.after) == ("echo", {"desired": desired})


def test_restart_is_a_new_generation(api: Api) -> None:
    make_instance(make_plugin("echo", desired="running", state="running"))
    assert api("operator").post("/api/v1/plugins/echo/restart").json()["generation"] == 2


def test_a_stopped_plugin_is_not_restarted(api: Api) -> None:
    make_plugin("echo")
    assert problem(api("operator").post("/api/v1/plugins/echo/restart"), 409) == "conflict"


def test_scaling_makes_places_for_processes(api: Api) -> None:
    make_node()
    make_plugin("echo", desired="running")
    answer = api("operator").post("/api/v1/plugins/echo/scale", {"replicas": 3}, format="json")
    assert (answer.status_code, answer.json()["replicas"]) == (202, 3)
    assert PluginInstance.objects.filter(wanted=True).count() == 3


@pytest.mark.parametrize("replicas", [0, -1, 33, "many", None, 1.5, True])
def test_a_bad_number_of_processes(api: Api, replicas: Any) -> None:
    make_plugin("echo")
    body = {"replicas": replicas}
    answer = api("operator").post("/api/v1/plugins/echo/scale", body, format="json")
    assert "replicas" in answer.json()["fields"]
    assert Plugin.objects.get().desired_replicas == 1


def test_configuration_is_replaced_for_managers_only(api: Api) -> None:
    make_plugin("echo", config={"secret": "s3cret"})
    answer = api("admin").put("/api/v1/plugins/echo/config", {"pause": 1}, format="json")
    assert answer.status_code == 202
    assert Plugin.objects.get().config == {"pause": 1}
    assert problem(api("operator").get("/api/v1/plugins/echo/config"), 403) == "forbidden"
    bad = api("admin").put("/api/v1/plugins/echo/config", [1], format="json")
    assert problem(bad, 400) == "invalid_input"
    assert "s3cret" not in str(list(AuditEvent.objects.values()))


def test_logs_are_read_from_where_one_was(api: Api) -> None:
    make_plugin("echo")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete("agentx:logs:echo")
        for number in range(3):
            line = {"instance": "i", "ordinal": "0", "time": "t", "level": "info"}
            client.xadd("agentx:logs:echo", line | {"text": f"line {number}", "json": "{}"})
    operator = api("operator")
    newest = operator.get("/api/v1/plugins/echo/logs", {"limit": 2}).json()
    assert [line["text"] for line in newest] == ["line 1", "line 2"]
    after = {"after": newest[0]["id"]}
    rest = operator.get("/api/v1/plugins/echo/logs", after).json()
    assert [line["text"] for line in rest] == ["line 2"]
    assert problem(api("viewer").get("/api/v1/plugins/echo/logs"), 403) == "forbidden"
    assert "limit" in operator.get("/api/v1/plugins/echo/logs", {"limit": 0}).json()["fields"]


@pytest.mark.parametrize("after", ["nonsense", "(", "$", "1-1-1"])
def test_a_line_that_never_was(api: Api, after: str) -> None:
    make_plugin("echo")
    answer = api("operator").get("/api/v1/plugins/echo/logs", {"after": after})
    assert answer.status_code == 400


def test_events(api: Api) -> None:
    make_node()
    make_plugin("echo", desired="running")
    api("operator").post("/api/v1/plugins/echo/scale", {"replicas": 2}, format="json")
    types = [
        row["type"] for row in api("viewer").get("/api/v1/plugins/echo/events").json()["results"]
    ]
    assert "scaled" in types


def test_a_missing_plugin_is_missing_everywhere(api: Api) -> None:
    client = api("admin")
    for method, path in WRITES[1:]:
        answer = getattr(client, method)(f"/api/v1/plugins/{path}", BODY, format="json")
        assert problem(answer, 404) == "plugin_not_found", path
    for path in ("echo", "echo/logs", "echo/events", "echo/config"):
        assert problem(client.get(f"/api/v1/plugins/{path}"), 404) == "plugin_not_found", path


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("role", [None, "viewer", "developer", "auditor"])
def test_who_only_looks_changes_nothing(api: Api, role: str | None, method: str, path: str) -> None:
    make_plugin("echo")
    before = json.dumps(list(Plugin.objects.values()), default=str)
    answer = getattr(api(role), method)(f"/api/v1/plugins/{path}", BODY, format="json")
    problem(answer, 401 if role is None else 403)
    assert json.dumps(list(Plugin.objects.values()), default=str) == before
    assert not AuditEvent.objects.filter(target_type="plugin").exists()
