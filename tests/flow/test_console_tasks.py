"""Tasks in the console: found, read with their files and their log, canceled."""

import base64
import re

import pytest

from registry import selectors
from routing.models import Task, TaskEvent
from security.selectors import user_principal
from tests.callers import console
from tests.factories import make_agent, make_message, make_task, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Task:
    """A task of somebody."""
    task = make_task(make_agent("echo"))
    make_message(task)
    return task


def test_tasks_are_filtered_by_the_address(world: Task) -> None:
    agent = make_agent("other")
    failed = make_task(agent, state="FAILED", context_id="context-9", reason="It broke.")
    client = console("viewer")
    for asked in ("state=FAILED", "agent=other", "context=context-9"):
        shown = client.get(f"/tasks/?{asked}").content.decode()
        assert shown.count("/tasks/0") == 1
        assert str(failed.id) in shown
    for asked in ("caller=nobody", "since=2000-01-01T00:00", "since=nonsense", "after=nonsense"):
        assert client.get(f"/tasks/?{asked}").content.decode().count("/tasks/0") == 2
    assert "No task matches" in client.get("/tasks/?until=2000-01-01T00:00").content.decode()


def test_pages_of_tasks_hold_every_task_once(world: Task) -> None:
    agent = make_agent("busy")
    for _ in range(120):
        make_task(agent)
    client, seen, path = console("viewer"), [], "/tasks/"
    while path:
        page = client.get(path).content.decode()
        seen += re.findall(r'href="/tasks/([0-9a-f-]{36})/"', page)
        older = re.search(r'href="(\?after=[^"]+)" rel="next"', page)
        path = f"/tasks/{older.group(1)}".replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 121


def test_somebody_elses_task_is_not_there_for_who_may_not(world: Task) -> None:
    task = Task.objects.get()
    assert console("viewer").get(f"/tasks/{task.id}/").status_code == 200
    assert console("developer").get(f"/tasks/{task.id}/").status_code == 404


def test_a_running_task_is_canceled_by_who_may(world: Task) -> None:
    task = make_task(make_agent("slow"), state="WORKING")
    assert (
        f"/tasks/{task.id}/cancel/"
        in console("operator").get(f"/tasks/{task.id}/").content.decode()
    )
    assert "/cancel/" not in console("viewer").get(f"/tasks/{task.id}/").content.decode()
    console("operator").post(f"/tasks/{task.id}/cancel/")
    task.refresh_from_db()
    assert task.cancel_requested is not None


def test_what_agents_say_is_text_not_html(world: Task) -> None:
    task = make_task(make_agent("evil"), reason="<script>alert(1)</script>")
    make_message(task, "<img src=x onerror=alert(1)>")
    shown = console("viewer").get(f"/tasks/{task.id}/").content.decode()
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_files_are_saved_and_cannot_run(world: Task) -> None:
    page = base64.b64encode(b"<script>alert(1)</script>").decode()
    parts = [
        {"raw": page, "filename": "evil.html", "mediaType": "text/html"},
        {"raw": "iVBORw0KGgo=", "mediaType": "image/png"},
        {"url": "javascript:alert(1)"},
    ]
    task = make_task(make_agent("files"), artifacts=[{"artifactId": "a", "parts": parts}])
    client = console("viewer")
    shown = client.get(f"/tasks/{task.id}/").content.decode()
    assert f'src="/tasks/{task.id}/artifacts/0/1/"' in shown
    assert 'href="javascript:' not in shown
    saved = client.get(f"/tasks/{task.id}/artifacts/0/0/")
    assert saved.content == b"<script>alert(1)</script>"
    assert saved["Content-Disposition"] == 'attachment; filename="evil.html"'
    assert saved["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in saved["Content-Security-Policy"]
    image = client.get(f"/tasks/{task.id}/artifacts/0/1/")
    assert image["Content-Disposition"].startswith("inline")
    for missing in ("0/2", "0/3", "1/0", f"0/{10**30}"):
        assert client.get(f"/tasks/{task.id}/artifacts/{missing}/").status_code == 404
    assert console("developer").get(f"/tasks/{task.id}/artifacts/0/0/").status_code == 404


def test_a_task_stands_in_its_conversation(world: Task) -> None:
    agent = make_agent("talker")
    first, second = make_task(agent, context_id="talk"), make_task(agent, context_id="talk")
    for task, words in ((first, "The beginning"), (second, "And more")):
        make_message(task, words)
    make_task(agent, context_id="talk", owner=user_principal(make_user("eve", "developer")))
    shown = console("viewer").get(f"/tasks/{second.id}/").content.decode()
    talk = shown[shown.index('id="conversation"') : shown.index('id="task-facts"')]
    assert talk.index("The beginning") < talk.index("And more")
    assert re.findall(r'href="/tasks/([^/]+)/"', talk) == [str(first.id)]
    assert "2 tasks" in talk


def test_a_long_log_is_read_in_pages(world: Task) -> None:
    task = make_task(make_agent("chatty"))
    TaskEvent.objects.bulk_create(
        TaskEvent(task=task, seq=seq, kind="status", payload={"state": "TASK_STATE_WORKING"})
        for seq in range(2, 602)
    )
    client = console("viewer")
    newest = client.get(f"/tasks/{task.id}/").content.decode()
    assert 'href="?before=102"' in newest
    oldest = client.get(f"/tasks/{task.id}/?before=102").content.decode()
    assert oldest.count("data-kind=") == 101
    assert (
        client.get(f"/tasks/{task.id}/?before=nonsense").content.decode().count("data-kind=") == 500
    )


def test_the_agent_in_the_address_is_shown_however_many_there_are(monkeypatch) -> None:
    """The list to choose from ends; what is filtered by stands in the form all the same."""
    monkeypatch.setitem(selectors.offered_agents.__globals__, "AGENTS_OFFERED", 1)
    make_agent("alpha")
    make_task(make_agent("zulu"))
    page = console("viewer").get("/tasks/?agent=zulu").content.decode()
    assert '<option value="zulu">' not in page
    assert re.search(r'name="agent" value="zulu"', page)
