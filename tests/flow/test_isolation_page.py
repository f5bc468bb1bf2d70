"""The tab Isolation says what is in force, and plainly what is not."""

import pytest

from plugins_app import manifest as manifests
from plugins_app.isolation import Machine, confinement
from plugins_app.models import Plugin, PluginRelease
from security.models import AuditEvent
from tests.callers import console
from tests.factories import make_instance, make_plugin

pytestmark = pytest.mark.django_db
WHY = "this kernel has no Landlock"
BARE = Machine("4.4", "x86_64", is_root=False, missing={"mount": WHY, "landlock": WHY, "net": WHY})
RAW = {
    "metadata": {"name": "echo", "version": "1.0"},
    "runtime": {"language": "python", "entrypoint": "main.py"},
    "agents": [{"slug": "echo"}],
    "resources": {"memory_limit": "100MB"},
    "network": {"policy": "hosts", "hosts": ["api.example.com"]},
}


def page(isolation):
    plugin = make_plugin("echo")
    make_instance(plugin, isolation=isolation)
    return console("viewer").get(f"/plugins/{plugin.slug}/isolation/").content.decode()


def test_what_this_machine_cannot_is_said_with_the_reason():
    told = confinement(manifests.parse(RAW), "trusted", BARE).told()
    text = page(told | {"use": {"memory": 90_000_000}})
    assert "not available on this machine" in text and WHY in text
    assert "api.example.com" in text
    assert "90 MB of 100 MB" in text and 'data-tone="warn"' in text


def test_less_than_its_manifest_asks_for_is_said():
    text = page(confinement(manifests.parse(RAW), "public", BARE).told())
    assert "May talk to nobody" in text
    assert "May talk to the listed hosts alone, api.example.com" in text


def test_an_admin_lets_a_public_plugin_talk_to_hosts_that_it_lists():
    plugin = make_plugin("echo")
    Plugin.objects.update(trust="public", desired="running")
    PluginRelease.objects.update(manifest=RAW, trust="public")
    generation = Plugin.objects.get().generation
    admin = console("admin")
    shown = admin.get(f"/plugins/{plugin.slug}/isolation/").content.decode()
    assert 'value="api.example.com"' in shown and "checked" not in shown
    door = f"/plugins/{plugin.slug}/hosts/"
    admin.post(door, {"hosts": ["evil.example.com"]})
    assert Plugin.objects.get().allowed_hosts == []
    admin.post(door, {"hosts": ["api.example.com"]})
    now = Plugin.objects.get()
    assert (now.allowed_hosts, now.generation) == (["api.example.com"], generation + 1)
    assert now.asked_generation == now.generation
    assert AuditEvent.objects.filter(action="plugin.hosts_allowed", target="echo").count() == 1
    assert "checked" in admin.get(f"/plugins/{plugin.slug}/isolation/").content.decode()
    viewer = console("viewer").get(f"/plugins/{plugin.slug}/isolation/").content.decode()
    assert "disabled" in viewer and "Let it talk to these" not in viewer


def test_a_process_we_did_not_start_is_not_claimed_to_be_confined():
    assert "AgentX confines only what it starts itself" in page({})


def test_an_admin_lets_a_plugin_read_folders_of_own_code(tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    make_plugin("echo", desired="running")
    generation, admin = Plugin.objects.get().generation, console("admin")
    door, page = "/plugins/echo/folders/", "/plugins/echo/isolation/"
    refused = admin.post(door, {"folders": "/etc"}, follow=True).content.decode()
    assert "holds more than code of one&#x27;s own" in refused
    assert Plugin.objects.get().code_folders == []
    admin.post(door, {"folders": f"\n {code} \n"})
    now = Plugin.objects.get()
    assert (now.code_folders, now.generation) == ([str(code)], generation + 1)
    assert f"{code}\n</textarea>" in admin.get(page).content.decode()
    viewer = console("viewer").get(page).content.decode()
    assert str(code) in viewer and "textarea" not in viewer
    admin.post(door, {"folders": ""})
    assert Plugin.objects.get().code_folders == []
