"""Console pages over HTTP: who sees what, what a button does, how a refusal looks. Browser tests are in tests/e2e."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from agentx_site import urls
from monitoring.models import Alert, AlertRule
from monitoring.services import ensure_default_rules
from plugins_app.models import AutoscalePolicy, Plugin
from registry.models import Agent
from security.models import ApiKey, AuditEvent, User
from security.selectors import user_principal
from tests.callers import console
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
    shown = console("operator").get("/plugins/echo/processes/").content.decode()
    hidden = console("viewer").get("/plugins/echo/processes/").content.decode()
    for path in ("/plugins/echo/stop/", "/plugins/echo/restart/", "/plugins/echo/scale/"):
        assert path in shown
        assert path not in hidden
    assert "/plugins/echo/logs/" in shown
    assert "/plugins/echo/logs/" not in hidden


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


def test_a_plugin_is_uninstalled_and_one_comes_to_those_that_are_left(world: Plugin) -> None:
    page = "/plugins/echo/releases/"
    assert "Uninstall echo?" in console("admin").get(page).content.decode()
    assert "Uninstall" not in console("operator").get(page).content.decode()
    told = console("admin").post("/plugins/echo/uninstall/", headers={"Referer": page})
    assert told["Location"] == "/plugins/"
    assert not Plugin.objects.filter(slug="echo").exists()


def test_one_that_is_needed_is_not_uninstalled(world: Plugin) -> None:
    runtime = {"language": "python", "entrypoint": "main.py"}
    told = {"metadata": {"name": "b", "version": "1.0"}, "runtime": runtime}
    told |= {"agents": [{"slug": "b"}], "dependencies": [{"name": "echo"}]}
    make_plugin("b", manifest=told)
    admin = console("admin")
    admin.post("/plugins/echo/uninstall/")
    assert "echo is needed by b" in admin.get("/plugins/echo/").content.decode()
    assert Plugin.objects.filter(slug="echo").exists()


def test_what_waits_for_somebodys_word_has_a_button(world: Plugin) -> None:
    operator = console("operator")

    def offered() -> bool:
        return "/plugins/echo/reload/" in operator.get("/plugins/echo/").content.decode()

    Plugin.objects.update(generation=2, asked_generation=1)
    assert not offered()  # it comes by itself
    Plugin.objects.update(reload="manual")
    assert offered()
    operator.post("/plugins/echo/reload/")
    world.refresh_from_db()
    assert (world.asked_generation, offered()) == (2, False)


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
    client = console("operator")
    client.post("/agents/echo/open/")
    assert "open to anybody" in client.get("/agents/echo/").content.decode()
    client.post("/agents/echo/close/")
    assert "open to anybody" not in client.get("/agents/echo/").content.decode()


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
