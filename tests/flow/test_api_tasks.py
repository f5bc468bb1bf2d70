"""/api/v1/tasks and /api/v1/messages/history."""

import uuid

import pytest

from registry.models import Agent
from routing.models import Task
from security.models import AuditEvent
from security.principals import Principal
from tests.callers import Api, problem
from tests.factories import make_agent, make_message, make_task

pytestmark = pytest.mark.django_db
TASKS = "/api/v1/tasks"


def me(api: Api, role: str) -> tuple[object, Principal]:
    """A client with one key, and the principal its requests come from."""
    client = api(role)
    told = client.get("/api/v1/me").json()
    return client, Principal(kind="key", id=told["id"], label=told["label"])


def test_a_caller_sees_its_own_tasks_only(api: Api) -> None:
    client, principal = me(api, "developer")
    mine = make_task(make_agent(), principal)
    other = make_task(Agent.objects.get())
    assert [row["id"] for row in client.get(TASKS).json()["results"]] == [str(mine.id)]
    assert client.get(f"{TASKS}/{mine.id}").json()["events"][0]["seq"] == 1
    assert problem(client.get(f"{TASKS}/{other.id}"), 404) == "task_not_found"
    assert problem(client.post(f"{TASKS}/{other.id}/cancel"), 404) == "task_not_found"
    everything = api("viewer").get(TASKS).json()["results"]
    assert {row["id"] for row in everything} == {str(mine.id), str(other.id)}


def test_tasks_are_filtered(api: Api) -> None:
    echo, slow = make_agent("echo"), make_agent("slow")
    make_task(echo, context_id="a")
    working = make_task(slow, state="WORKING", context_id="b", owner_label="ada/ci")
    client = api("viewer")
    for query in (
        {"state": "WORKING"},
        {"agent": "slow"},
        {"agent": str(slow.id)},
        {"context_id": "b"},
        {"caller": "ada/ci"},
    ):
        rows = client.get(TASKS, query).json()["results"]
        assert [row["id"] for row in rows] == [str(working.id)], query
    assert "state" in client.get(TASKS, {"state": "dreaming"}).json()["fields"]


def test_tasks_come_in_pages(api: Api) -> None:
    agent = make_agent()
    for _ in range(5):
        make_task(agent)
    client = api("viewer")
    page = client.get(TASKS, {"page_size": 2}).json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert len(seen) == len(set(seen)) == 5


def test_an_operator_cancels_for_others_and_it_is_written_down(api: Api) -> None:
    task = make_task(make_agent(), state="WORKING")
    answer = api("operator").post(f"{TASKS}/{task.id}/cancel")
    assert answer.status_code == 202
    assert Task.objects.get().cancel_requested
    assert AuditEvent.objects.get(target=str(task.id)).action == "task.canceled"


def test_what_has_ended_is_not_canceled(api: Api) -> None:
    task = make_task(make_agent())
    answer = api("operator").post(f"{TASKS}/{task.id}/cancel")
    assert problem(answer, 400) == "task_not_cancelable"


def test_a_viewer_cancels_nothing(api: Api) -> None:
    task = make_task(make_agent(), state="WORKING")
    assert problem(api("viewer").post(f"{TASKS}/{task.id}/cancel"), 403) == "forbidden"


def test_an_unknown_task_is_missing(api: Api) -> None:
    assert problem(api("viewer").get(f"{TASKS}/{uuid.uuid4()}"), 404) == "task_not_found"


def test_history(api: Api) -> None:
    client, principal = me(api, "developer")
    task = make_task(make_agent("echo"), principal)
    make_message(task, "hello")
    make_message(task, "hello to you", role="agent")
    make_message(make_task(make_agent("other")), "secret")
    rows = client.get("/api/v1/messages/history", {"agent_id": "echo", "limit": 100}).json()
    assert {row["message"]["parts"][0]["text"] for row in rows} == {"hello", "hello to you"}
    assert "secret" not in client.get("/api/v1/messages/history").content.decode()
    missing = client.get("/api/v1/messages/history", {"agent_id": "nobody"})
    assert problem(missing, 404) == "agent_not_found"
    assert "limit" in client.get("/api/v1/messages/history", {"limit": 5000}).json()["fields"]


@pytest.mark.parametrize("path", ["tasks", "messages/history"])
def test_a_stranger_sees_nothing(api: Api, path: str) -> None:
    assert problem(api(None).get(f"/api/v1/{path}"), 401) == "not_authenticated"
