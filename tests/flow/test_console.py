"""Console pages over HTTP: who sees what, what a button does, how a refusal looks. Browser tests are in tests/e2e."""

import base64
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from agentx_site import urls
from monitoring.models import Alert, AlertRule
from monitoring.services import ensure_default_rules
from plugins_app.models import AutoscalePolicy, Plugin
from registry.models import Agent, AgentCard, HealthCheck, Upstream
from routing.models import Task, TaskEvent
from security.models import ApiKey, AuditEvent, User
from security.selectors import user_principal
from tests.factories import (
    PASSWORD,
    make_agent,
    make_instance,
    make_key,
    make_message,
    make_plugin,
    make_task,
    make_user,
)

pytestmark = pytest.mark.django_db
ROLES = ("admin", "operator", "developer", "viewer", "auditor")
LISTS = ("overview", "agents", "plugins", "tasks", "alerts", "scaling", "nodes")


@pytest.fixture
def world() -> Plugin:
    """One of everything."""
    agent = make_agent("echo", capabilities=("echo",))
    plugin = make_plugin("echo", agents=(agent,), desired="running", state="running")
    make_instance(plugin, rss_bytes=1, cpu_percent=1.0)
    make_message(make_task(agent))
    ensure_default_rules()
    Alert.objects.create(rule=AlertRule.objects.all()[0], state="firing", value=1)
    AutoscalePolicy.objects.create(plugin=plugin)
    return plugin


def console(role: str) -> Client:
    """A browser of somebody with this role."""
    person = User.objects.filter(username=role).first() or make_user(role, role)
    client = Client()
    client.force_login(person)
    return client


def test_people_log_in_without_being_staff() -> None:
    make_user("tina", "viewer")
    User.objects.filter(username="tina").update(is_staff=False)
    client = Client()
    told = client.post("/login/?next=/agents/", {"username": "tina", "password": PASSWORD})
    assert (told.status_code, told["Location"]) == (302, "/agents/")
    assert client.get("/").status_code == 200


def test_who_is_locked_out_does_not_log_in() -> None:
    make_user("tina", "viewer", is_active=False)
    told = Client().post("/login/", {"username": "tina", "password": PASSWORD})
    assert told.status_code == 200
    assert "correct username and password" in told.content.decode()


def test_every_page_sends_a_stranger_to_the_login(world: Plugin) -> None:
    for name in LISTS:
        told = Client().get(reverse(f"page-{name}"))
        assert told.status_code == 302
        assert told["Location"].startswith("/login/?next=")


def test_no_button_works_for_a_stranger(world: Plugin) -> None:
    for path in ("/plugins/echo/stop/", "/plugins/echo/scale/", "/agents/echo/open/"):
        assert Client().post(path)["Location"].startswith("/login/")
    world.refresh_from_db()
    assert world.desired == "running"


def test_buttons_need_the_csrf_token(world: Plugin) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("olga", "operator"))
    told = client.post("/plugins/echo/stop/")
    assert told.status_code == 403
    assert "This form had expired" in told.content.decode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", LISTS)
def test_every_role_sees_the_running_system(world: Plugin, role: str, name: str) -> None:
    assert console(role).get(reverse(f"page-{name}")).status_code == 200


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/audit/", {"admin", "auditor"}),
        ("/keys/", {"admin", "operator", "developer"}),
        ("/users/", {"admin"}),
        ("/plugins/echo/configure/", {"admin"}),
        ("/alerts/rules/new/", {"admin", "operator"}),
        ("/autoscaling/echo/", {"admin", "operator"}),
    ],
)
def test_pages_that_not_everybody_may_see(world: Plugin, path: str, may: set[str]) -> None:
    for role in ROLES:
        told = console(role).get(path)
        assert told.status_code == (200 if role in may else 403), role
        if role not in may:
            assert told["X-Request-ID"] in told.content.decode()


def test_who_may_not_does_not_see_the_buttons(world: Plugin) -> None:
    shown = console("operator").get("/plugins/echo/").content.decode()
    hidden = console("viewer").get("/plugins/echo/").content.decode()
    for path in ("/plugins/echo/stop/", "/plugins/echo/restart/", "/plugins/echo/scale/"):
        assert path in shown
        assert path not in hidden
    assert 'id="log"' in shown
    assert 'id="log"' not in hidden


@pytest.mark.parametrize("role", ["viewer", "auditor"])
def test_who_only_looks_is_offered_nothing_to_change(world: Plugin, role: str) -> None:
    task = make_task(Agent.objects.get(), state="WORKING")
    client = console(role)
    for path in (*map(reverse, (f"page-{name}" for name in LISTS)), f"/tasks/{task.id}/",
                 "/plugins/echo/", "/agents/echo/"):  # fmt: skip
        shown = client.get(path).content.decode()
        posts = re.findall(r'<form[^>]+method="post"[^>]+action="([^"]+)"', shown)
        assert posts == ["/logout/"], path
        assert "data-action=" not in shown, path


def test_who_may_not_is_refused_by_the_button_too(world: Plugin) -> None:
    client = console("viewer")
    told = client.post("/plugins/echo/stop/", headers={"referer": "http://testserver/plugins/"})
    assert told["Location"] == "http://testserver/plugins/"
    assert "plugins.operate" in client.get("/plugins/").content.decode()
    world.refresh_from_db()
    assert world.desired == "running"


def test_a_button_leads_nowhere_else(world: Plugin) -> None:
    told = console("operator").post("/plugins/echo/stop/", {"next": "https://evil.example/"})
    assert told["Location"] == "/plugins/echo/"


@pytest.mark.parametrize(
    ("verb", "desired"),
    [("stop", "stopped"), ("start", "running"), ("pause", "paused"), ("resume", "running")],
)
def test_buttons_say_what_is_wanted(world: Plugin, verb: str, desired: str) -> None:
    console("operator").post(f"/plugins/echo/{verb}/")
    world.refresh_from_db()
    assert world.desired == desired
    assert AuditEvent.objects.filter(target="echo", actor_label="operator").exists()


def test_scaling_beyond_the_policy_is_told(world: Plugin) -> None:
    client = console("operator")
    client.post("/plugins/echo/scale/", {"replicas": "3"})
    world.refresh_from_db()
    assert world.desired_replicas == 3
    for wrong in ("9", "0", "many", ""):
        client.post("/plugins/echo/scale/", {"replicas": wrong})
    world.refresh_from_db()
    assert world.desired_replicas == 3
    assert client.get("/plugins/").content.decode().count('data-tone="bad"') >= 4


def test_a_configuration_is_saved_or_refused(world: Plugin) -> None:
    client = console("admin")
    assert client.post("/plugins/echo/configure/", {"config": "[1]"}).status_code == 200
    told = client.post("/plugins/echo/configure/", {"config": "{not json"})
    assert "{not json" in told.content.decode()
    assert client.post("/plugins/echo/configure/", {"config": '{"a": 1}'}).status_code == 302
    world.refresh_from_db()
    assert world.config == {"a": 1}


def test_a_rule_is_made_switched_and_deleted(world: Plugin) -> None:
    client = console("operator")
    rule = {"name": "busy", "metric": "tasks_running", "comparison": "gt", "threshold": "5"}
    rule |= {"for_seconds": "10", "severity": "info", "enabled": "on"}
    told = client.post("/alerts/rules/new/", rule | {"metric": "no_such_thing"})
    assert "not one of the available choices" in told.content.decode()
    assert client.post("/alerts/rules/new/", rule).status_code == 302
    assert client.post("/alerts/rules/busy/", rule | {"threshold": "7"}).status_code == 302
    client.post("/alerts/rules/busy/disable/")
    made = AlertRule.objects.get(name="busy")
    assert (made.threshold, made.enabled) == (7, False)
    client.post("/alerts/rules/busy/delete/")
    assert not AlertRule.objects.filter(name="busy").exists()


def test_an_alert_is_acknowledged(world: Plugin) -> None:
    alert = Alert.objects.get()
    console("operator").post(f"/alerts/{alert.id}/acknowledge/")
    alert.refresh_from_db()
    assert (alert.state, str(alert.acknowledged_by)) == ("acknowledged", "operator")


def test_a_policy_is_changed_within_reason(world: Plugin) -> None:
    client = console("operator")
    policy = {"enabled": "on", "minimum": "2", "maximum": "6", "target_in_flight": "3"}
    policy |= {"cooldown_seconds": "10"}
    told = client.post("/autoscaling/echo/", policy | {"minimum": "9"})
    assert (told.status_code, "at most the maximum" in told.content.decode()) == (200, True)
    assert client.post("/autoscaling/echo/", policy).status_code == 302
    assert AutoscalePolicy.objects.get().maximum == 6


def test_an_agent_is_opened_and_closed(world: Plugin) -> None:
    client = console("developer")
    client.post("/agents/echo/open/")
    assert "open to anybody" in client.get("/agents/echo/").content.decode()
    client.post("/agents/echo/close/")
    assert "open to anybody" not in client.get("/agents/echo/").content.decode()


def test_two_versions_of_a_card_are_compared(world: Plugin) -> None:
    agent = make_agent("changed")
    for version, name in enumerate(("Old", "Middle", "New"), 1):
        card = {"name": name, "description": "It changes.", "version": "1"}
        digest, newest = str(version) * 64, version == 3
        AgentCard.objects.create(
            agent=agent, version=version, card=card, digest=digest, is_current=newest
        )
    client = console("viewer")
    newest = client.get("/agents/changed/").content.decode()
    assert "<del>Middle</del>" in newest
    assert "<ins>New</ins>" in newest
    asked = client.get("/agents/changed/?from=1&to=3").content.decode()
    assert "<del>Old</del>" in asked
    assert client.get("/agents/changed/?from=1&to=9").status_code == 404
    assert client.get("/agents/changed/?from=x&to=").status_code == 200


@pytest.fixture
def afar() -> Upstream:
    """An agent elsewhere whose card has changed since it was approved."""
    agent = make_agent("afar", source="remote", endpoint="https://afar.example/")
    interface = {"url": "https://afar.example/", "protocolBinding": "JSONRPC"}
    card = {"name": "Afar", "version": "1", "supportedInterfaces": [interface]}
    upstream = Upstream.objects.create(
        agent=agent,
        url="https://afar.example/",
        card=card,
        pending_card=card | {"version": "2"},
        pending_digest="2",
        health="error",
        detail="It takes no connection.",
    )
    for number in range(3):
        HealthCheck.objects.create(upstream=upstream, is_ok=number > 0, milliseconds=number * 10)
    return upstream


def test_an_agent_elsewhere_shows_how_it_is(afar: Upstream) -> None:
    shown = console("viewer").get("/agents/afar/").content.decode()
    for told in ("Its card has changed", "<ins>2</ins>", "It takes no connection.", "67 %"):
        assert told in shown
    assert "/card/approve/" not in shown


@pytest.mark.parametrize(("verb", "version"), [("approve", "2"), ("reject", "1")])
def test_a_changed_card_is_approved_or_rejected(afar: Upstream, verb: str, version: str) -> None:
    client = console("developer")
    assert f"/card/{verb}/" in client.get("/agents/afar/").content.decode()
    client.post(f"/agents/afar/card/{verb}/")
    afar.refresh_from_db()
    assert (afar.card["version"], afar.pending_card) == (version, None)
    assert "Its card has changed" not in client.get("/agents/afar/").content.decode()


def test_an_agent_is_retired(afar: Upstream) -> None:
    client = console("developer")
    page = "http://testserver/agents/afar/"
    assert client.post("/agents/afar/retire/", headers={"referer": page})["Location"] == "/agents/"
    assert client.get("/agents/afar/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("source=remote", {"afar"}),
        ("trust=public", {"echo"}),
        ("capability=talk", {"echo"}),
        ("q=afar", {"afar"}),
        ("q=afarr", {"afar"}),
        ("q=echo&source=remote", set()),
        ("capability=talk,nothing", set()),
        ("framework=custom", {"echo"}),
        ("state=ready&capability=nothing", set()),
    ],
)
def test_agents_are_filtered_by_the_address(afar: Upstream, asked: str, found: set[str]) -> None:
    make_agent("echo", capabilities=("talk",), trust="public", framework="custom")
    shown = console("viewer").get(f"/agents/?{asked}").content.decode()
    assert set(re.findall(r'href="/agents/([a-z]+)/"', shown)) == found


def test_a_key_is_told_on_one_answer_only() -> None:
    client = console("developer")
    told = client.post("/keys/", {"name": "bot", "role": "developer", "days": "30"})
    key = re.search(r"agx_[0-9a-f]+_[\w-]{20,}", told.content.decode())
    assert key is not None
    assert told["Cache-Control"] == "no-store"
    assert key.group() not in client.get("/keys/").content.decode()
    assert ApiKey.objects.get().name == "bot"


def test_nobody_makes_a_key_of_a_role_above_their_own() -> None:
    client = console("developer")
    shown = client.get("/keys/").content.decode()
    assert 'value="admin"' not in shown
    client.post("/keys/", {"name": "bot", "role": "admin", "days": "30"})
    assert not ApiKey.objects.exists()


def test_one_sees_and_revokes_ones_own_keys_only() -> None:
    mine, _ = make_key(make_user("developer", "developer"), name="mine of mine")
    other, _ = make_key(make_user("dora", "developer"), name="not to be seen")
    client = console("developer")
    assert "not to be seen" not in client.get("/keys/").content.decode()
    client.post(f"/keys/{other.id}/revoke/")
    client.post(f"/keys/{mine.id}/revoke/")
    other.refresh_from_db()
    mine.refresh_from_db()
    assert (other.revoked, mine.revoked is not None) == (None, True)


def test_people_are_made_moved_and_locked_out() -> None:
    client = console("admin")
    weak = client.post("/users/", {"username": "tom", "password": "123", "role": "viewer"})
    assert (weak.status_code, "too short" in weak.content.decode()) == (200, True)
    told = {"username": "tom", "password": PASSWORD, "role": "viewer"}
    assert client.post("/users/", told).status_code == 302
    client.post("/users/tom/role/", {"role": "operator"})
    client.post("/users/tom/disable/")
    tom = User.objects.get(username="tom")
    assert (user_principal(tom).roles, tom.is_active) == (("operator",), False)
    client.post("/users/tom/enable/")
    tom.refresh_from_db()
    assert tom.is_active


def test_tasks_are_filtered_by_the_address(world: Plugin) -> None:
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


def test_pages_of_tasks_hold_every_task_once(world: Plugin) -> None:
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


def test_somebody_elses_task_is_not_there_for_who_may_not(world: Plugin) -> None:
    task = Task.objects.get()
    assert console("viewer").get(f"/tasks/{task.id}/").status_code == 200
    assert console("developer").get(f"/tasks/{task.id}/").status_code == 404


def test_a_running_task_is_canceled_by_who_may(world: Plugin) -> None:
    task = make_task(make_agent("slow"), state="WORKING")
    assert (
        f"/tasks/{task.id}/cancel/"
        in console("operator").get(f"/tasks/{task.id}/").content.decode()
    )
    assert "/cancel/" not in console("viewer").get(f"/tasks/{task.id}/").content.decode()
    console("operator").post(f"/tasks/{task.id}/cancel/")
    task.refresh_from_db()
    assert task.cancel_requested is not None


def test_what_agents_say_is_text_not_html(world: Plugin) -> None:
    task = make_task(make_agent("evil"), reason="<script>alert(1)</script>")
    make_message(task, "<img src=x onerror=alert(1)>")
    shown = console("viewer").get(f"/tasks/{task.id}/").content.decode()
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_files_are_saved_and_cannot_run(world: Plugin) -> None:
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


def test_a_task_stands_in_its_conversation(world: Plugin) -> None:
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


def test_a_long_log_is_read_in_pages(world: Plugin) -> None:
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


def test_the_audit_is_searched(world: Plugin) -> None:
    console("operator").post("/plugins/echo/stop/")
    client = console("auditor")
    shown = client.get("/audit/?q=operator+echo").content.decode()
    assert "plugin.stopped" in shown
    assert "<del>running</del>" in shown
    assert (
        "Nothing was done that matches" in client.get("/audit/?q=nothing-like-it").content.decode()
    )


def test_empty_pages_say_what_to_do_next() -> None:
    client = console("admin")
    for path, told in (
        ("/agents/", "agentx plugin start"),
        ("/plugins/", "agentx plugin install"),
        ("/tasks/", "agentx send echo"),
        ("/nodes/", "agentx up"),
        ("/keys/", "Authorization: Bearer"),
        ("/autoscaling/", "Choose a plugin"),
    ):
        assert told in client.get(path).content.decode(), path


def test_an_address_that_is_not_there() -> None:
    told = Client().get("/nothing/here")
    assert (told.status_code, "text/html" in told["Content-Type"]) == (404, True)
    assert told["X-Request-ID"] in told.content.decode()
    program = Client().get("/api/v1/nothing/here")
    assert program.status_code == 404
    assert json.loads(program.content)["code"] == "not_found"


def test_every_page_has_a_name_of_its_own() -> None:
    names = [pattern.name for pattern in urls.page_patterns]
    assert len(names) == len(set(names))
    assert all(name and name.startswith("page-") for name in names)
