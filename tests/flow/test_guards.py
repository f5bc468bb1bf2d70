"""What a supervisor does with a process that takes too much: ended or cut short, with its reason, event and audit."""

import asyncio
import shutil

import pytest

from plugins_app import isolation, selectors
from plugins_app.client.channels import Channels
from plugins_app.client.errors import Broken, Undelivered
from plugins_app.client.target import Target
from plugins_app.models import PluginEvent
from plugins_app.process.places import LOG_BYTES
from security.models import AuditEvent
from tests.attacks import FOLDER, said
from tests.nodes import US, eventually, installed, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attacker(node, tmp_path):
    """Running, with a network that leads to one host."""
    shutil.copytree(FOLDER, tmp_path / "attacker")
    manifest = tmp_path / "attacker" / "plugin.yaml"
    manifest.write_text(
        manifest.read_text() + "network:\n  policy: hosts\n  hosts: [example.com:443]\n"
    )
    plugin = installed(tmp_path / "attacker")
    eventually(lambda: running(plugin))
    return plugin


def orders(plugin, deed, **how):
    """Whether it answered."""
    row = plugin.instances.get()
    target = Target(str(row.id), row.address, str(row.launch_id))

    async def say():
        channels = Channels()
        try:
            return await said(channels, target, deed, how)
        finally:
            await channels.close()

    try:
        return asyncio.run(say())
    except (Broken, Undelivered) as error:  # it died of it
        return str(error)


def refused(plugin, action):
    """The event and the line of the audit, once both are there."""
    event = eventually(lambda: plugin.events.filter(type=PluginEvent.Type.REFUSED).first())
    line = AuditEvent.objects.get(action=action, outcome="refused", target=plugin.slug)
    assert line.after["reason"] == event.message
    return event


def replaced(plugin, before):
    return eventually(lambda: (r := running(plugin)) and r[0].pid != before and r[0])


@pytest.mark.skipif("memory" not in isolation.machine().cgroups, reason="no cgroups here")
def test_memory_is_that_of_all_it_started(attacker):
    before = attacker.instances.get().pid
    orders(attacker, "grow_in_child", megabytes=400)
    event = refused(attacker, "plugin.over_limit")
    assert "more memory than the 200 MB that its manifest allows" in event.message
    eventually(attacker.events.filter(type="exited", message=event.message).exists)
    assert replaced(attacker, before).restarts == 1


def test_a_full_working_directory_ends_it(attacker):
    before = attacker.instances.get().pid
    orders(attacker, "scatter", megabytes=30)
    event = refused(attacker, "plugin.over_limit")
    assert "in its working directory, more than the 20 MB" in event.message
    eventually(lambda: attacker.instances.get().pid != before)


def test_a_flood_is_cut_and_told_and_the_process_goes_on(attacker, node):
    before = attacker.instances.get().pid
    assert "flooded" in orders(attacker, "flood", lines=100_000)[0]
    event = refused(attacker, "plugin.log_flood")
    assert "were dropped" in event.message
    logs = node.home / "logs" / "plugins"
    assert all(path.stat().st_size <= LOG_BYTES for path in logs.iterdir())
    assert attacker.instances.get().pid == before
    followed = lambda: [  # noqa: E731
        line
        for line in selectors.log_lines(US, "attacker", limit=2000)
        if "were dropped: it writes more than 100000 bytes a second" in line["text"]
    ]
    assert eventually(followed)[0]["level"] == "warning"


def test_the_way_out_is_kept_by_the_next_supervisor_and_refusals_are_told(attacker, node):
    before = attacker.instances.get()
    assert before.isolation["network"] == "hosts"
    told = orders(attacker, "fetch", url="http://evil.example.net/")
    assert "403" in told[0]
    assert (
        "evil.example.net:80 is not among the hosts" in refused(attacker, "plugin.egress").message
    )
    node.kill()
    node.start()
    eventually(lambda: attacker.events.filter(type="adopted").exists())
    after = attacker.instances.get()
    assert after.pid == before.pid
    assert after.isolation["measures"] == before.isolation["measures"]
    assert "403" in orders(attacker, "fetch", url="http://other.example.net/")[0]
    assert "flooded" in orders(attacker, "flood", lines=10)[0]
    seen = lambda: any(  # noqa: E731
        "line 0000009" in line["text"] for line in selectors.log_lines(US, "attacker", limit=50)
    )
    eventually(seen)


def test_what_it_uses_of_its_limits_is_shown(attacker):
    use = eventually(lambda: attacker.instances.get().isolation.get("use"))
    assert 1_000_000 < use["memory"] < 200_000_000
    assert attacker.instances.get().isolation["limits"]["memory"] == 200_000_000
