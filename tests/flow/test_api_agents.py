"""/api/v1/agents and /api/v1/nodes."""

from typing import Any

import pytest

from registry.models import Agent
from security.models import AuditEvent
from tests.callers import Api, problem
from tests.factories import make_agent, make_node

pytestmark = pytest.mark.django_db
REGISTRATION = {
    "name": "mastra-agent-1",
    "capabilities": ["text-generation", "tool-calling"],
    "endpoint": "http://localhost:3000",
    "metadata": {},
}


def test_agents_are_listed_in_pages(api: Api) -> None:
    for slug in ("a", "b", "c"):
        make_agent(slug)
    first = api("viewer").get("/api/v1/agents", {"page_size": 2}).json()
    assert [row["slug"] for row in first["results"]] == ["a", "b"]
    second = api("auditor").get(first["next"]).json()
    assert [row["slug"] for row in second["results"]] == ["c"]


def test_an_agent_is_registered_found_shown_and_retired(api: Api) -> None:
    client = api("developer")
    answer = client.post("/api/v1/agents/register", REGISTRATION, format="json")
    assert answer.status_code == 201
    agent = answer.json()
    assert (agent["slug"], agent["state"]) == ("mastra-agent-1", "unknown")
    assert agent["card"]["supportedInterfaces"][0]["url"].endswith("/a2a/mastra-agent-1/")

    query = {"capabilities": "text-generation,tool-calling"}
    (found,) = client.get("/api/v1/agents/discover", query).json()
    assert found["id"] == agent["id"]
    assert found["because"] == ["capability text-generation", "capability tool-calling"]
    assert client.get("/api/v1/agents/discover", {"capabilities": "rag"}).json() == []

    status = client.get(f"/api/v1/agents/{agent['id']}/status").json()
    assert (status["state"], status["available"]) == ("unknown", False)

    assert client.delete("/api/v1/agents/mastra-agent-1").status_code == 204
    assert problem(client.get("/api/v1/agents/mastra-agent-1"), 404) == "agent_not_found"
    done = AuditEvent.objects.order_by("time").values_list("action", "target")
    assert list(done)[-2:] == [
        ("agent.registered", "mastra-agent-1"),
        ("agent.retired", "mastra-agent-1"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "…"}, "name"),
        ({"endpoint": "ftp://host/"}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"capabilities": "text"}, "capabilities"),
        ({"capabilities": [{}]}, "capabilities.0"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {str(n): n for n in range(101)}}, "metadata"),
    ],
)
def test_a_bad_registration_says_which_field(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api("developer").post("/api/v1/agents/register", REGISTRATION | change, format="json")
    assert problem(answer, 400) == "invalid_input"
    assert field in answer.json()["fields"]
    assert not Agent.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b""])
def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    answer = api("developer").post("/api/v1/agents/register", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_form_is_refused(api: Api) -> None:
    answer = api("developer").post("/api/v1/agents/register", "a=1", content_type="text/plain")
    assert problem(answer, 415) == "unsupported_media_type"


def test_an_address_is_taken_once(api: Api) -> None:
    make_agent("mastra-agent-1")
    answer = api("developer").post("/api/v1/agents/register", REGISTRATION, format="json")
    assert problem(answer, 409) == "agent_name_taken"


def test_an_agent_is_opened_and_closed(api: Api) -> None:
    make_agent("echo")
    client = api("admin")
    assert client.post("/api/v1/agents/echo/open").json()["is_open"] is True
    assert api(None).get("/api/v1/agents/echo/status").status_code == 200
    assert client.post("/api/v1/agents/echo/close").json()["is_open"] is False
    problem(api(None).get("/api/v1/agents/echo/status"), 401)
    assert list(AuditEvent.objects.filter(target="echo").values_list("action", flat=True)) == [
        "agent.closed",
        "agent.opened",
    ]


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("post", "/api/v1/agents/echo/open", "plugins.operate"),
        ("post", "/api/v1/agents/echo/close", "plugins.operate"),
        ("delete", "/api/v1/agents/echo", "plugins.operate"),
        ("post", "/api/v1/agents/register", "agents.manage"),
    ],
)
def test_who_only_looks_changes_nothing(api: Api, method: str, path: str, needed: str) -> None:
    make_agent("echo")
    answer = getattr(api("viewer"), method)(path, REGISTRATION, format="json")
    assert problem(answer, 403) == "forbidden"
    assert needed in answer.json()["detail"]
    assert Agent.objects.get().retired is None


def test_discovery_is_bounded(api: Api) -> None:
    answer = api("viewer").get("/api/v1/agents/discover", {"limit": "9999"})
    assert "limit" in answer.json()["fields"]


def test_discovery_is_paged_by_a_link(api: Api) -> None:
    for n in range(3):
        make_agent(f"a{n}", capabilities=("x",))
    client, path = api("viewer"), "/api/v1/agents/discover"
    first = client.get(path, {"capabilities": "x", "limit": 2})
    assert [row["slug"] for row in first.json()] == ["a0", "a1"]
    assert first.json()[0]["score"] == 0.3
    address = first["Link"].partition(">")[0].removeprefix("<")
    second = client.get(address)
    assert [row["slug"] for row in second.json()] == ["a2"]
    assert "Link" not in second
    for query in ({"state": "asleep"}, {"trust": "blind"}, {"cursor": "!"}):
        assert problem(client.get(path, query), 400) == "invalid_input"


def test_an_agent_keeps_its_lease(api: Api) -> None:
    make_agent("far", source="remote", endpoint="https://far.example/", state="unknown")
    path = "/api/v1/agents/far/heartbeat"
    told = api("developer").post(path, {"lease_seconds": 30}, format="json").json()
    assert (told["state"], told["lease_seconds"]) == ("ready", 30)
    assert problem(api("viewer").post(path), 403) == "forbidden"
    refused = api("developer").post(path, {"state": "error"}, format="json")
    assert problem(refused, 400) == "invalid_input"


def test_nodes(api: Api) -> None:
    make_node("local")
    client = api("viewer")
    assert [row["name"] for row in client.get("/api/v1/nodes").json()["results"]] == ["local"]
    assert client.get("/api/v1/nodes/local").json()["state"] == "active"
    assert problem(client.get("/api/v1/nodes/elsewhere"), 404) == "node_not_found"
