"""Who may what: one table. V viewer, U auditor, D developer, O operator, A admin.

Whoever is not named is refused: 403, or 404 where `hidden` says that the thing is not even there for them. A stranger
gets 401 from the API, the way to the login from a page, and nothing done by a button.
"""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.messages import ERROR, get_messages
from django.test import Client
from django.urls import URLPattern
from django.utils.text import slugify

from agentx_site.urls import api_patterns, page_patterns
from monitoring.models import Alert, AlertRule
from plugins_app import manifest as manifests
from plugins_app.fetching import folder
from plugins_app.models import (
    FIRST_ELSEWHERE,
    AutoscalePolicy,
    ConfigRevision,
    PluginSecret,
    PublisherKey,
    RemovedAgent,
)
from plugins_app.packages import archive, signing
from plugins_app.services import join_tokens, market
from registry.models import AgentCard, Upstream
from routing.models import ConversationMemory, PushConfig, PushDelivery
from security.crypto import seal
from security.models import User
from security.principals import system
from tests.factories import (
    make_agent,
    make_instance,
    make_key,
    make_message,
    make_plugin,
    make_release,
    make_task,
    make_user,
)
from tests.packing import manifest, tarred

pytestmark = pytest.mark.django_db
ROLES = {"V": "viewer", "U": "auditor", "D": "developer", "O": "operator", "A": "admin"}
EVERYBODY = "VUDOA"


class Right(NamedTuple):
    method: str
    path: str  # as in urls.py
    may: str
    status: int = 200
    body: dict[str, Any] | None = None
    hidden: str = ""
    query: str = ""


RULE = {"name": "hot", "metric": "messages_per_second", "comparison": "gt", "threshold": 90}
REMOTE = {"name": "far", "endpoint": "http://far.example/", "capabilities": []}
INTERFACE = {"url": "https://far.example/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
CARD = {"name": "Afar", "supportedInterfaces": [INTERFACE]}
STATEMENT = {"name": "Echo", "description": "Says it again.", "version": "1"}
PERSON = {"username": "new", "password": "correct horse battery", "role": "viewer"}
FOLDER = {"path": str(Path(settings.BASE_DIR) / "plugins" / "slow_echo")}
PACKAGE = {"package": base64.b64encode(tarred(told=manifest("fresh"))).decode()}
REATTACH = {
    "agentx": 1,
    "plugin": "echo",
    "pid": 4242,
    "contract": 1,
    "token": "t" * 64,
    "address": "unix:/tmp/by-hand.sock",
    "launch_id": "0b0e5b52-9f10-4a1f-8f3e-000000000000",
}
CHOOSY = manifests.read(Path(settings.BASE_DIR) / "tests" / "plugins" / "choosy")
GREETING = {"greeting": "Hello"}
PUBLISHER = {"name": "new", "public_key": signing.new_key()[1]}

API = [
    Right("GET", "me", EVERYBODY),
    Right("GET", "metrics/overview", EVERYBODY),
    Right("GET", "metrics/series", EVERYBODY, query="?name=rss_bytes"),
    Right("GET", "alerts", EVERYBODY),
    Right("POST", "alerts/<uuid:alert_id>/acknowledge", "OA"),
    Right("GET", "alert-metrics", EVERYBODY),
    Right("GET", "alert-rules", EVERYBODY),
    Right("POST", "alert-rules", "OA", 201, RULE),
    Right("GET", "alert-rules/<slug:name>", EVERYBODY),
    Right("PATCH", "alert-rules/<slug:name>", "OA", body={"threshold": 1}),
    Right("DELETE", "alert-rules/<slug:name>", "OA", 204),
    Right("GET", "autoscaling/policies", EVERYBODY),
    Right("GET", "autoscaling/policies/<slug:slug>", EVERYBODY),
    Right("PUT", "autoscaling/policies/<slug:slug>", "OA", body={"enabled": False}),
    Right("GET", "autoscaling/decisions", EVERYBODY),
    Right("GET", "tasks", EVERYBODY),
    Right("GET", "tasks/<uuid:task_id>", "VUOA", hidden="D"),
    Right("POST", "tasks/<uuid:task_id>/cancel", "OA", 202, hidden="D"),
    Right("GET", "messages/history", EVERYBODY),
    Right("GET", "push/configs", EVERYBODY),
    Right("GET", "push/deliveries", EVERYBODY),
    Right("GET", "push/deliveries/<uuid:delivery_id>", "VUOA", hidden="D"),
    Right("POST", "push/deliveries/<uuid:delivery_id>/replay", "OA", 202, hidden="D"),
    Right("POST", "push/tasks/<uuid:task_id>/replay", "OA", 202, hidden="D"),
    Right("GET", "plugins", EVERYBODY),
    Right("POST", "plugins/load", "A", 201, FOLDER),
    Right("GET", "plugins/<str:ref>", EVERYBODY),
    Right("DELETE", "plugins/<str:ref>", "A", 204),
    Right("POST", "plugins/<str:ref>/start", "OA", 202),
    Right("POST", "plugins/<str:ref>/stop", "OA", 202),
    Right("POST", "plugins/<str:ref>/pause", "OA", 202),
    Right("POST", "plugins/<str:ref>/resume", "OA", 202),
    Right("POST", "plugins/<str:ref>/restart", "OA", 202),
    Right("POST", "plugins/<str:ref>/scale", "OA", 202, {"replicas": 2}),
    Right("POST", "plugins/<str:ref>/reload", "OA", 202),
    Right("POST", "plugins/<str:ref>/standby", "OA", 202, {"standby": 1}),
    Right("PUT", "plugins/<str:ref>/hosts", "A", 202, {"hosts": []}),
    Right("GET", "plugins/<str:ref>/folders", EVERYBODY),
    Right("PUT", "plugins/<str:ref>/folders", "A", 202, {"folders": []}),
    Right("GET", "plugins/<str:ref>/agents", EVERYBODY),
    Right("POST", "plugins/<str:ref>/agents", "A", 201, {"slug": "newer", "config": GREETING}),
    Right("POST", "plugins/<str:ref>/agents/check", "A", 200, {"slug": "a", "config": GREETING}),
    Right("GET", "plugins/<str:ref>/agents/<slug:slug>", "A"),
    Right("PUT", "plugins/<str:ref>/agents/<slug:slug>", "A", 200, {"config": GREETING}),
    Right("DELETE", "plugins/<str:ref>/agents/<slug:slug>", "A", 204),
    Right("POST", "plugins/<str:ref>/agents/<slug:slug>/reset", "A"),
    Right("POST", "plugins/<str:ref>/agents/<slug:slug>/restore", "A", 201),
    Right("POST", "plugins/<str:ref>/attachment", "A", 202, REATTACH),
    Right("DELETE", "plugins/<str:ref>/attachment", "A", 202),
    Right("GET", "plugins/<str:ref>/config", "A"),
    Right("PUT", "plugins/<str:ref>/config", "A", 202, {}),
    Right("POST", "plugins/<str:ref>/config/check", "A", 200, {}),
    Right("POST", "plugins/<str:ref>/config/restore", "A", 202, {"number": 1}),
    Right("GET", "plugins/<str:ref>/config/revisions", "A"),
    Right("GET", "plugins/<str:ref>/config/revisions/<int:number>", "A"),
    Right("GET", "plugins/<str:ref>/secrets", "A"),
    Right("PUT", "plugins/<str:ref>/secrets/<str:name>", "A", 202, {"value": "hush"}),
    Right("DELETE", "plugins/<str:ref>/secrets/<str:name>", "A", 204),
    Right("GET", "plugins/<str:ref>/releases", EVERYBODY),
    Right("GET", "plugins/<str:ref>/releases/<str:which>", EVERYBODY),
    Right("DELETE", "plugins/<str:ref>/releases/<str:which>", "A", 204),
    Right("POST", "plugins/<str:ref>/upgrade", "A", 202, {"version": "0.9.0"}),
    Right("POST", "plugins/<str:ref>/rollback", "OA", 202, {"version": "0.9.0"}),
    Right("GET", "model", EVERYBODY),
    Right("POST", "model/check", "OA"),
    Right("GET", "plugins/<str:ref>/logs", "DOA"),
    Right("GET", "plugins/<str:ref>/events", EVERYBODY),
    Right("GET", "join-tokens", "A"),
    Right("POST", "join-tokens", "A", 201, {"plugin": "echo", "name": "laptop"}),
    Right("DELETE", "join-tokens/<uuid:token_id>", "A", 204),
    Right("GET", "joined", EVERYBODY),
    Right("POST", "joined/<uuid:instance_id>/dismiss", "OA", 202),
    Right("GET", "market", EVERYBODY),
    Right("POST", "market", "DA", 201, PACKAGE),
    Right("GET", "market/index.json", EVERYBODY),
    Right("GET", "market/<slug:name>", EVERYBODY),
    Right("GET", "market/<slug:name>/ratings", EVERYBODY),
    Right("POST", "market/<slug:name>/ratings", EVERYBODY, body={"stars": 4}),
    Right("GET", "market/<slug:name>/<str:version>/download", EVERYBODY),
    Right("POST", "market/<slug:name>/<str:version>/yank", "A", body={"reason": "broken"}),
    Right("POST", "market/<slug:name>/<str:version>/unyank", "A"),
    Right("GET", "packages/reviews", "A"),
    Right("POST", "packages/<uuid:package_id>/review", "A", body={"approved": False}),
    Right("GET", "publisher-keys", EVERYBODY),
    Right("POST", "publisher-keys", "A", 201, PUBLISHER),
    Right("POST", "publisher-keys/<uuid:key_id>/revoke", "A"),
    Right("GET", "registries", EVERYBODY),
    Right("GET", "registries/<str:registry>/packages", EVERYBODY),
    Right("GET", "agents", EVERYBODY),
    Right("POST", "agents/register", "DA", 201, REMOTE),
    Right("POST", "agents/preview", "DA", 400, {"card_url": "http://10.0.0.1/"}),
    Right("GET", "agents/discover", EVERYBODY),
    Right("GET", "agents/<str:ref>", EVERYBODY),
    Right("DELETE", "agents/<str:ref>", "OA", 204),
    Right("GET", "agents/<str:ref>/memory", EVERYBODY),
    Right("DELETE", "agents/<str:ref>/memory", "DOA"),  # of one's own
    Right("DELETE", "agents/<str:ref>/memory/<path:context_id>", "A", hidden="DO"),
    Right("GET", "agents/<str:ref>/status", EVERYBODY),
    Right("POST", "agents/<str:ref>/heartbeat", "DA"),
    Right("POST", "agents/<str:ref>/open", "OA"),
    Right("POST", "agents/<str:ref>/close", "OA"),
    Right("GET", "agents/<str:ref>/upstream", EVERYBODY),
    Right("POST", "agents/<str:ref>/upstream/check", "DA"),
    Right("POST", "agents/<str:ref>/card/approve", "DA"),
    Right("POST", "agents/<str:ref>/card/reject", "DA"),
    Right("GET", "agents/<str:ref>/cards", EVERYBODY),
    Right("GET", "agents/<str:ref>/cards/diff", EVERYBODY, query="?from=1&to=1"),
    Right("GET", "agents/<str:ref>/cards/<int:version>", EVERYBODY),
    Right("GET", "agents/<str:ref>/signature", EVERYBODY),
    Right("GET", "card-keys", EVERYBODY),
    Right("POST", "card-keys/rotate", "A", 201),
    Right("GET", "nodes", EVERYBODY),
    Right("GET", "nodes/<str:ref>", EVERYBODY),
    Right("GET", "keys", "DOA"),
    Right("POST", "keys", "DOA", 201, {"name": "mine", "role": "own"}),
    Right("DELETE", "keys/<uuid:key_id>", "A", 204, hidden="DO"),
    Right("GET", "users", "A"),
    Right("POST", "users", "A", 201, PERSON),
    Right("PUT", "users/<str:username>/role", "A", body={"role": "viewer"}),
    Right("POST", "users/<str:username>/enable", "A"),
    Right("POST", "users/<str:username>/disable", "A"),
    Right("GET", "roles", "DOA"),
    Right("GET", "audit", "UA"),
]
# GET shows a page; POST is a button, which says what it did, or why not, on the page one comes back to.
PAGES = [
    Right("GET", "", EVERYBODY),
    Right("GET", "agents/", EVERYBODY),
    Right("GET", "agents/<slug:slug>/", EVERYBODY),
    Right("GET", "agents/<slug:slug>/memory/", EVERYBODY),
    Right("POST", "agents/<slug:slug>/memory/forget/", "DOA"),  # of one's own
    Right("POST", "agents/<slug:slug>/open/", "OA"),
    Right("POST", "agents/<slug:slug>/close/", "OA"),
    Right("POST", "agents/<slug:slug>/retire/", "OA"),
    Right("POST", "agents/<slug:slug>/card/approve/", "DA"),
    Right("POST", "agents/<slug:slug>/card/reject/", "DA"),
    Right("GET", "register/", "DA"),
    Right("GET", "card-keys/", "A"),
    Right("GET", "join-tokens/", "A"),
    Right("POST", "join-tokens/<uuid:token_id>/revoke/", "A"),
    Right("POST", "joined/<uuid:instance_id>/dismiss/", "OA"),
    Right("POST", "card-keys/rotate/", "A"),
    Right("GET", "nodes/", EVERYBODY),
    Right("GET", "plugins/", EVERYBODY),
    Right("GET", "plugins/<slug:slug>/", EVERYBODY),
    Right("GET", "plugins/<slug:slug>/agents/", EVERYBODY),
    Right("GET", "plugins/<slug:slug>/agents/new/", "A", query="?like=choosy"),
    Right("GET", "plugins/<slug:slug>/agents/<slug:agent>/", "A"),
    Right("GET", "plugins/<slug:slug>/agents/<slug:agent>/model/", EVERYBODY),
    Right("POST", "plugins/<slug:slug>/agents/<slug:agent>/remove/", "A"),
    Right("POST", "plugins/<slug:slug>/agents/<slug:agent>/restore/", "A"),
    Right("POST", "plugins/<slug:slug>/agents/<slug:agent>/reset/", "A"),
    Right("GET", "plugins/<slug:slug>/processes/", EVERYBODY),
    Right("GET", "plugins/<slug:slug>/logs/", "DOA"),
    Right("GET", "plugins/<slug:slug>/logs/download/", "DOA"),
    Right("GET", "plugins/<slug:slug>/events/", EVERYBODY),
    Right("GET", "plugins/<slug:slug>/isolation/", EVERYBODY),
    Right("GET", "plugins/<slug:slug>/releases/", EVERYBODY),
    Right("POST", "plugins/<slug:slug>/upgrade/", "A"),
    Right("POST", "plugins/<slug:slug>/releases/<uuid:release>/upgrade/", "A"),
    Right("POST", "plugins/<slug:slug>/releases/<uuid:release>/rollback/", "OA"),
    Right("POST", "plugins/<slug:slug>/releases/<uuid:release>/remove/", "A"),
    Right("POST", "plugins/<slug:slug>/restart/", "OA"),
    Right("POST", "plugins/<slug:slug>/scale/", "OA", body={"replicas": 2}),
    Right("POST", "plugins/<slug:slug>/uninstall/", "A"),
    Right("POST", "plugins/<slug:slug>/reload/", "OA"),
    Right("POST", "plugins/<slug:slug>/standby/", "OA", body={"standby": 1}),
    Right("POST", "plugins/<slug:slug>/hosts/", "A"),
    Right("POST", "plugins/<slug:slug>/folders/", "A"),
    Right("POST", "plugins/<slug:slug>/detach/", "A"),
    Right("POST", "plugins/<slug:slug>/<slug:verb>/", "OA"),
    Right("GET", "plugins/<slug:slug>/configure/", "A"),
    Right("GET", "plugins/<slug:slug>/configure/export/", "A"),
    Right("POST", "plugins/<slug:slug>/configure/secret/", "A", body={"name": "a", "value": "b"}),
    Right("POST", "plugins/<slug:slug>/configure/secret/remove/", "A", query="?name=token"),
    Right("GET", "plugins/<slug:slug>/configure/<int:number>/", "A"),
    Right("POST", "plugins/<slug:slug>/configure/<int:number>/restore/", "A"),
    Right("GET", "catalogue/", EVERYBODY),
    Right("GET", "catalogue/<slug:name>/", EVERYBODY),
    Right("POST", "catalogue/<slug:name>/rate/", EVERYBODY, body={"stars": "4"}),
    Right("POST", "catalogue/<slug:name>/<str:version>/yank/", "A", body={"reason": "broken"}),
    Right("POST", "catalogue/<slug:name>/<str:version>/unyank/", "A"),
    Right("POST", "packages/install/", "A", body={"name": "packed"}),
    Right("POST", "packages/start/", "OA", body={"name": "echo"}),
    Right("GET", "packages/upload/", "A"),
    Right("GET", "packages/reviews/", "A"),
    Right("POST", "packages/<uuid:package_id>/review/", "A", body={"verdict": "approve"}),
    Right("GET", "publishers/", "A"),
    Right("POST", "publishers/<uuid:key_id>/revoke/", "A"),
    Right("GET", "autoscaling/", EVERYBODY),
    Right("GET", "autoscaling/<slug:slug>/", "OA"),
    Right("GET", "tasks/", EVERYBODY),
    Right("GET", "tasks/<uuid:task_id>/", "VUOA", hidden="D"),
    Right("GET", "tasks/<uuid:task_id>/answered/", "VUOA", hidden="D"),
    Right("POST", "tasks/<uuid:task_id>/cancel/", "OA"),
    Right("POST", "tasks/<uuid:task_id>/forget/", "A"),
    Right("GET", "tasks/<uuid:task_id>/artifacts/<int:artifact>/<int:part>/", "VUOA", hidden="D"),
    Right("GET", "tasks/<uuid:task_id>/messages/<uuid:message>/<int:part>/", "VUOA", hidden="D"),
    Right("POST", "tasks/<uuid:task_id>/push/replay/", "OA"),
    Right("GET", "push/", EVERYBODY),
    Right("POST", "push/replay/", EVERYBODY),  # of what one may: nothing is chosen here
    Right("POST", "push/<uuid:delivery_id>/replay/", "OA"),
    Right("GET", "alerts/", EVERYBODY),
    Right("POST", "alerts/<uuid:alert_id>/acknowledge/", "OA"),
    Right("GET", "alerts/rules/new/", "OA"),
    Right("GET", "alerts/rules/<slug:name>/", "OA"),
    Right("POST", "alerts/rules/<slug:name>/delete/", "OA"),
    Right("POST", "alerts/rules/<slug:name>/<slug:switch>/", "OA"),
    Right("GET", "keys/", "DOA"),
    Right("POST", "keys/<uuid:key_id>/revoke/", "A"),
    Right("GET", "users/", "A"),
    Right("POST", "users/<str:username>/role/", "A", body={"role": "viewer"}),
    Right("POST", "users/<str:username>/enable/", "A"),
    Right("POST", "users/<str:username>/disable/", "A"),
    Right("GET", "audit/", "UA"),
]


@pytest.fixture
def names(tmp_path: Path, settings: Any) -> dict[str, str]:
    """One of everything, none of it the caller's; what to put into the paths."""
    agent = make_agent("echo")
    AgentCard.objects.create(agent=agent, version=1, card=STATEMENT, digest="1")
    plugin = make_plugin("echo", agents=(agent,), desired="running", state="running")
    make_instance(plugin)
    plugin.attachment = {"pid": 4242, "launch_id": "1", "address": "unix:/tmp/by-hand.sock"}
    plugin.save()
    _make_agents_of_people()
    earlier = make_release(plugin, "0.9.0")
    make_release(plugin, "1.1.0")
    ConfigRevision.objects.create(plugin=plugin, number=1, config={})
    PluginSecret.objects.create(plugin=plugin, name="token@1", sealed=seal('"hush"'))
    AutoscalePolicy.objects.create(plugin=plugin, minimum=1, maximum=4)
    file = {"artifactId": "a", "parts": [{"raw": "aGVsbG8=", "filename": "hello.txt"}]}
    task = make_task(agent, state="WORKING", artifacts=[file])
    message = make_message(task)
    hosted = plugin.hosted_agents.get()
    for context_id in ("c", task.context_id):
        whose = {"owner": task.owner, "context_id": context_id}
        ConversationMemory.objects.create(agent=agent, hosted=hosted, **whose)
    config = PushConfig.objects.create(task=task, config_id="c", url="http://x.example/", host="x")
    dead = PushDelivery.objects.create(config=config, seq=1, state="dead")
    rule = AlertRule.objects.create(
        name="slow", metric="messages_per_second", comparison="gt", threshold=1, severity="warning"
    )
    alert = Alert.objects.create(rule=rule, state="firing", value=2)
    somebody = make_user("somebody", "admin")
    pending = {"pending_card": CARD, "pending_digest": "0", "card": CARD}
    afar = make_agent("afar", source="remote", endpoint="https://far.example/")
    Upstream.objects.create(agent=afar, url="http://10.0.0.1/", **pending)
    package = market.publish(system("tests"), tarred(told=manifest(trust="trusted")))
    public = signing.new_key()[1]
    publisher = PublisherKey.objects.create(name="publisher", public_key=public)
    folder.publish_to(tmp_path, archive.built(tarred()))
    settings.PLUGIN_REGISTRIES = [f"shared={tmp_path}"]
    token = join_tokens.create_token(system("tests"), "echo", name="joins")[0]
    return {
        "<uuid:package_id>": str(package.id),
        "<str:registry>": "shared",
        "publisher key": str(publisher.id),
        "<str:ref>": "echo",
        "<str:which>": "0.9.0",
        "<uuid:release>": str(earlier.id),
        "<slug:slug>": "echo",
        "<slug:verb>": "stop",
        "<slug:name>": "slow",
        "<slug:switch>": "disable",
        "<uuid:task_id>": str(task.id),
        "<uuid:message>": str(message.id),
        "<uuid:delivery_id>": str(dead.id),
        "<path:context_id>": "c",
        "<int:version>": "1",
        "<int:artifact>": "0",
        "<int:part>": "0",
        "<int:number>": "1",
        "<str:name>": "token",
        "<uuid:alert_id>": str(alert.id),
        "<uuid:token_id>": str(token.id),
        "<uuid:instance_id>": str(make_instance(plugin, FIRST_ELSEWHERE).id),
        "<uuid:key_id>": str(make_key(somebody, role="admin")[0].id),
        "<str:username>": "somebody",
    }


def _make_agents_of_people() -> None:
    """A plugin that takes them, with one of each kind: of its plugin.yaml, made, and removed a moment ago."""
    agents = (make_agent("choosy"), make_agent("made"))
    plugin = make_plugin("choosy", manifest=CHOOSY, agents=agents)
    made = plugin.hosted_agents.filter(agent=agents[1])
    made.update(origin="person", config=GREETING, revision=1)
    told = {"name": "", "description": "", "author": "", "revision": 1, "secrets": {}}
    RemovedAgent.objects.create(plugin=plugin, slug="gone", told={**told, "config": GREETING})


def _agent_meant(path: str) -> str:
    told = {"reset": "choosy", "restore": "gone"}
    return told.get(path.rpartition("/")[2], "made")


def address(right: Right, names: dict[str, str], root: str) -> str:
    path = right.path
    if path.startswith("plugins/<str:ref>/agents"):
        names = names | {"<str:ref>": "choosy", "<slug:slug>": _agent_meant(path)}
    if path.startswith("plugins/<slug:slug>/agents"):
        names = names | {"<slug:slug>": "choosy", "<slug:agent>": _agent_meant(path.rstrip("/"))}
    if path.startswith("nodes/<"):
        names = names | {"<str:ref>": "local"}
    if any(part in path for part in ("/card/", "/upstream", "/heartbeat")):
        names = names | {"<slug:slug>": "afar", "<str:ref>": "afar"}
    if path.startswith(("market/", "catalogue/")):
        names = names | {"<slug:name>": "packed", "<str:version>": "1.0.0"}
    if path.startswith(("publisher-keys/", "publishers/")):
        names = names | {"<uuid:key_id>": names["publisher key"]}
    for mark, name in names.items():
        path = path.replace(mark, name)
    return f"{root}{path}{right.query}"


def browser(role: str) -> Client:
    """A person's session, which is what both the pages and the API take."""
    client = Client()
    client.force_login(User.objects.filter(username=role).first() or make_user(role, role))
    return client


def shown(right: Right) -> str:
    return slugify(f"{right.method} {right.path or 'overview'}")


@pytest.mark.parametrize("letter", ROLES)
@pytest.mark.parametrize("right", API, ids=shown)
def test_the_api(right: Right, letter: str, names: dict[str, str]) -> None:
    role = ROLES[letter]
    body = right.body and {k: role if v == "own" else v for k, v in right.body.items()}
    path = address(right, names, "/api/v1/")
    answer = browser(role).generic(right.method, path, **_json(body, right.method))
    expected = right.status if letter in right.may else 404 if letter in right.hidden else 403
    assert answer.status_code == expected, answer.content


@pytest.mark.parametrize("right", API, ids=shown)
def test_the_api_asks_a_stranger_for_a_credential(right: Right, names: dict[str, str]) -> None:
    path = address(right, names, "/api/v1/")
    answer = Client().generic(right.method, path, **_json(right.body, right.method))
    # Knowing the random id is the right to an anonymous caller's task; this one is somebody's, so it is not there.
    assert answer.status_code == (404 if right.path.endswith("/cancel") else 401), answer.content


def _json(body: dict[str, Any] | None, method: str) -> dict[str, Any]:
    if method in ("GET", "DELETE"):
        return {}
    return {"data": json.dumps(body or {}), "content_type": "application/json"}


@pytest.mark.parametrize("letter", ROLES)
@pytest.mark.parametrize("right", PAGES, ids=shown)
def test_the_console(right: Right, letter: str, names: dict[str, str]) -> None:
    client, path = browser(ROLES[letter]), address(right, names, "/")
    if right.method == "POST":
        answer = client.post(path, right.body or {})
        assert answer.status_code == 302
        assert _was_refused(answer) is (letter not in right.may)
        return
    expected = 200 if letter in right.may else 404 if letter in right.hidden else 403
    assert client.get(path).status_code == expected


def _was_refused(answer: Any) -> bool:
    return any(message.level == ERROR for message in get_messages(answer.wsgi_request))


@pytest.mark.parametrize("right", PAGES, ids=shown)
def test_the_console_sends_a_stranger_to_the_login(right: Right, names: dict[str, str]) -> None:
    answer = Client().generic(right.method, address(right, names, "/"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=/")


def test_nothing_was_left_out_of_the_api() -> None:
    verbs = ("get", "post", "put", "patch", "delete")
    served = {
        (verb.upper(), str(each.pattern))
        for each in api_patterns
        for verb in verbs
        if hasattr(_view(each), verb)
    }
    assert {(right.method, right.path) for right in API} == served


def test_nothing_was_left_out_of_the_console() -> None:
    assert {right.path for right in PAGES} == {str(each.pattern) for each in page_patterns}


def _view(pattern: URLPattern) -> type:
    return pattern.callback.view_class  # type: ignore[attr-defined, no-any-return]
