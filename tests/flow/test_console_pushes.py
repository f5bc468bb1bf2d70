"""What webhooks were told, in the console: seen by who may see the task, tried again by who may."""

import re

import pytest

from routing.models import PushConfig, PushDelivery, Task
from security.models import AuditEvent
from tests.callers import console
from tests.factories import make_agent, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    """Told to a webhook that missed two of three events."""
    task = make_task(make_agent("echo"))
    config = PushConfig.objects.create(
        task=task, config_id="hook", url="https://hooks.example/x", host="hooks.example"
    )
    for seq, state in ((1, "delivered"), (2, "dead"), (3, "dead")):
        told = {"status": 200} if state == "delivered" else {"error": "It answered <503>."}
        PushDelivery.objects.create(config=config, seq=seq, state=state, **told)
    return task


def states() -> list[str]:
    return list(PushDelivery.objects.order_by("seq").values_list("state", flat=True))


def test_a_tasks_page_shows_what_was_told(task: Task) -> None:
    page = console("viewer").get(f"/tasks/{task.id}/").content.decode()
    for told in ("hooks.example", "given up", "It answered &lt;503&gt;."):
        assert told in page
    assert "/replay/" not in page


def test_one_is_tried_again(task: Task) -> None:
    client = console("operator")
    page = client.get(f"/tasks/{task.id}/").content.decode()
    dead = PushDelivery.objects.get(seq=2)
    assert f"/push/{dead.id}/replay/" in page
    client.post(f"/push/{dead.id}/replay/")
    assert states() == ["delivered", "pending", "dead"]
    assert AuditEvent.objects.filter(action="push.replayed", actor_label="operator").exists()


def test_all_of_a_task_are_tried_again(task: Task) -> None:
    console("operator").post(f"/tasks/{task.id}/push/replay/")
    assert states() == ["delivered", "pending", "pending"]


def test_those_on_the_page_are_tried_again(task: Task) -> None:
    client = console("operator")
    page = client.get("/push/?state=dead").content.decode()
    shown = re.findall(r'name="delivery" value="([^"]+)"', page)
    assert len(shown) == 2
    client.post("/push/replay/", {"delivery": [*shown, shown[0], "nonsense", str(task.id)]})
    assert states() == ["delivered", "pending", "pending"]
    assert "2 are tried once more" in client.get("/push/").content.decode()


def test_who_may_not_tries_nothing_again(task: Task) -> None:
    dead = PushDelivery.objects.get(seq=2)
    for role in ("viewer", "developer"):
        client = console(role)
        for path in (f"/push/{dead.id}/replay/", f"/tasks/{task.id}/push/replay/"):
            client.post(path)
        client.post("/push/replay/", {"delivery": [str(dead.id)]})
    assert states() == ["delivered", "dead", "dead"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("", 3), ("state=dead", 2), ("agent=echo", 3), ("agent=other", 0), ("url=hooks", 3)],
)
def test_they_are_filtered_by_the_address(task: Task, asked: str, found: int) -> None:
    page = console("viewer").get(f"/push/?{asked}").content.decode()
    assert page.count(f'href="/tasks/{task.id}/"') == found
    assert console("developer").get(f"/push/?{asked}").content.decode().count("/tasks/0") == 0


def test_the_empty_page_says_how_to_begin() -> None:
    page = console("viewer").get("/push/").content.decode()
    assert "CreateTaskPushNotificationConfig" in page


def test_the_newest_follow_what_happens_and_older_pages_stay(task: Task) -> None:
    client = console("operator")
    newest = client.get("/push/").content.decode()
    assert 'data-kinds="push"' in newest
    assert re.search(r'id="pushes" data-region', newest)
    last = PushDelivery.objects.order_by("-updated", "-id").first()
    older = client.get("/push/", {"after": f"{last.updated.isoformat()}~{last.id}"})
    assert "data-region" not in older.content.decode().partition('id="pushes"')[2]
