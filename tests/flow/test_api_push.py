"""/api/v1/push: what became of telling webhooks."""

import pytest

from routing.models import PushDelivery
from routing.services import pushes
from tests.callers import problem
from tests.factories import make_agent, make_key, make_task

pytestmark = pytest.mark.django_db
URL = "https://hook.example/a?b=c"
SECRETS = {"token": "t-1", "authentication": {"scheme": "Bearer", "credentials": "s3cret"}}


@pytest.fixture
def task():
    return make_task(make_agent(), state="WORKING")


@pytest.fixture
def config(task):
    return pushes.keep_push(task.id, pushes.checked({"url": URL, "id": "c-1"} | SECRETS), 0)


@pytest.fixture
def dead(config):
    told = {"config": config, "status": 500, "error": "answered 500", "attempts": 10}
    PushDelivery.objects.create(config=config, seq=2, state="delivered")
    return PushDelivery.objects.create(seq=1, state="dead", **told)


def test_configs_are_shown_without_their_secrets(api, config, task, dead):
    answer = api("viewer").get("/api/v1/push/configs", {"task": str(task.id)})
    (shown,) = answer.json()["results"]
    assert shown["config_id"] == "c-1"
    assert shown["url"] == URL
    assert (shown["has_token"], shown["has_credentials"], shown["dead"]) == (True, True, 1)
    assert "t-1" not in answer.content.decode()
    assert "s3cret" not in answer.content.decode()
    assert api("developer").get("/api/v1/push/configs").json()["results"] == []


def test_deliveries_are_found_by_task_and_state(api, task, dead):
    client = api("viewer")
    found = client.get("/api/v1/push/deliveries", {"task": str(task.id), "state": "dead"}).json()
    (shown,) = found["results"]
    assert (shown["id"], shown["seq"], shown["error"]) == (str(dead.id), 1, "answered 500")
    assert shown["task_id"] == str(task.id)
    assert len(client.get("/api/v1/push/deliveries").json()["results"]) == 2
    other = make_task(task.agent)
    found = client.get("/api/v1/push/deliveries", {"task": str(other.id)}).json()
    assert found["results"] == []
    assert client.get(f"/api/v1/push/deliveries/{dead.id}").json() == shown
    problem(client.get(f"/api/v1/push/deliveries/{task.id}"), 404)
    problem(client.get("/api/v1/push/deliveries", {"state": "lost"}), 400)
    problem(client.get("/api/v1/push/deliveries", {"task": "x"}), 400)


def test_a_dead_letter_is_tried_once_more(api, dead):
    answer = api("operator").post(f"/api/v1/push/deliveries/{dead.id}/replay")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    dead.refresh_from_db()
    assert dead.replay_due is not None
    problem(api("operator").post(f"/api/v1/push/deliveries/{dead.id}/replay"), 409)


def test_everything_of_a_task_that_was_given_up_is_tried_once_more(api, task, dead):
    answer = api("operator").post(f"/api/v1/push/tasks/{task.id}/replay")
    assert answer.json() == {"replayed": 1}
    assert api("operator").post(f"/api/v1/push/tasks/{task.id}/replay").json() == {"replayed": 0}


def test_a_caller_replays_what_its_own_tasks_missed(task, dead):
    from routing.models import Task
    from tests.callers import client_with

    key, text = make_key()
    problem(client_with(text).post(f"/api/v1/push/deliveries/{dead.id}/replay"), 404)
    Task.objects.filter(id=task.id).update(owner=f"key:{key.id}")
    answer = client_with(text).post(f"/api/v1/push/deliveries/{dead.id}/replay")
    assert answer.status_code == 202
