"""Configurations and processes that run: asked first, told as they run, and no secret anywhere on the way."""

import json
import logging
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from django.apps import apps
from django.conf import settings
from rest_framework.test import APIClient

from plugins_app import services
from plugins_app.client.target import Target
from plugins_app.client.validating import validate
from plugins_app.models import Plugin, PluginSecret
from tests.callers import Api, console, problem
from tests.nodes import BROKEN, US, eventually, installed, instances, running

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/plugins/settings/config"
CANARY = "canary-e7b1-4f0d"


@pytest.fixture
def plugin(node) -> Plugin:
    plugin = installed(BROKEN / "settings")
    eventually(lambda: running(plugin))
    return plugin


@pytest.fixture
def admin(api: Api, plugin: Plugin) -> APIClient:
    return api("admin")


def has(plugin: Plugin, revision: int) -> bool:
    return [each.revision for each in instances(plugin) if each.state == "running"] == [revision]


def put(client: APIClient, config: dict[str, Any]) -> Any:
    return client.put(URL, config, format="json")


def test_a_running_process_is_asked_first_and_told_as_it_runs(admin, plugin):
    (before,) = instances(plugin)
    refused = put(admin, {"greeting": "rude", "api_key": CANARY})
    assert problem(refused, 400) == "invalid_config"
    assert refused.json()["fields"] == {"greeting": "is rude, and ******** does not help"}
    assert not PluginSecret.objects.exists()
    agreed = admin.post(f"{URL}/check", {"greeting": "Hi"}, format="json").json()
    assert (agreed["asked"], agreed["problems"]) == (True, {})
    assert "agrees" in agreed["plugin"]
    assert put(admin, {"greeting": "Hi", "api_key": CANARY}).json()["revision"] == 1
    eventually(lambda: has(plugin, 1))
    (after,) = instances(plugin)
    assert (after.pid, after.launch_id) == (before.pid, before.launch_id)


def test_the_form_shows_what_a_process_refuses_at_its_field(admin, plugin):
    client = console("admin")
    sent = {"/greeting": "rude", "/api_key": CANARY, "base": "0"}
    page = client.post("/plugins/settings/configure/", sent).content.decode()
    assert "is rude, and ******** does not help" in page and CANARY not in page


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def told_everywhere(client: APIClient) -> dict[str, str]:
    """Everything that somebody who may everything can read."""
    page = console("admin")
    pages = ("/plugins/settings/", "/plugins/settings/configure/", "/audit/", "/plugins/")
    more = (
        "/plugins/settings/configure/?view=raw",
        "/plugins/settings/configure/1/",
        "/plugins/settings/configure/export/?format=yaml",
        "/plugins/settings/events/",
        "/plugins/settings/processes/",
    )
    rest = (URL, f"{URL}?format=toml", f"{URL}/revisions", f"{URL}/revisions/1")
    others = ("plugins/settings", "plugins/settings/secrets", "plugins/settings/events", "audit")
    logs = ("plugins/settings/logs",)
    told = {path: page.get(path) for path in (*pages, *more)}
    told |= {path: client.get(path) for path in rest}
    told |= {path: client.get(f"/api/v1/{path}") for path in (*others, *logs)}
    assert {path: answer.status_code for path, answer in told.items()} == dict.fromkeys(told, 200)
    return {path: answer.content.decode() for path, answer in told.items()}


def test_a_secret_is_nowhere_but_in_its_process(admin, plugin, node, caplog):
    caplog.set_level(logging.DEBUG)
    config = {"greeting": "Hi", "api_key": CANARY, "servers": [{"url": "u", "token": CANARY}]}
    answers = [put(admin, config), put(admin, {**config, "greeting": "x"})]
    eventually(lambda: has(plugin, 1))
    # What a process says no to when it is told already quotes it, too.
    services.configure(US, "settings", {**config, "greeting": "late"})
    eventually(lambda: "******** is late" in instances(plugin)[0].reason)
    answers.append(put(admin, {**config, "greeting": "anew"}))
    eventually(lambda: has(plugin, Plugin.objects.get(slug="settings").revision))
    process = psutil.Process(instances(plugin)[0].pid)
    seen = {
        **told_everywhere(admin),
        **{f"answer {n}": each.content.decode() for n, each in enumerate(answers)},
        "environment": json.dumps(process.environ()),
        "command line": " ".join(process.cmdline()),
        "our log": caplog.text,
    }
    for model in apps.get_models():
        if model._meta.app_label in (
            "security",
            "registry",
            "plugins_app",
            "routing",
            "monitoring",
        ):
            seen[model.__name__] = json.dumps(list(model.objects.values()), default=str)
    for folder in (node.home, Path(process.cwd())):
        for path in files_below(folder):
            seen[str(path)] = path.read_bytes().decode(errors="replace")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("*settings*"):
            seen[f"redis {key}"] = repr(client.dump(key))
    assert [place for place, text in seen.items() if CANARY in text] == []


@pytest.mark.asyncio
async def test_who_cannot_be_asked_is_said():
    gone = Target("i", "unix:/nowhere/at-all", "00000000-0000-0000-0000-000000000000")
    verdict = await validate(gone, {})
    assert not verdict.asked and "could not be asked" in verdict.told
