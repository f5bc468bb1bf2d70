"""Plugin processes under a real supervisor: they start, come back, are replaced, and end."""

import os
import signal
import time
from itertools import pairwise

import psutil
import pytest
from django.test import override_settings

from plugins_app import services
from plugins_app.client.channels import token_of
from plugins_app.models import Plugin
from registry.models import Agent, Node
from tests.nodes import (
    ROOT,
    US,
    eventually,
    installed,
    instances,
    kill,
    running,
)

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = ROOT / "plugins" / "echo"


def state_of(plugin: Plugin) -> str:
    plugin.refresh_from_db()
    return plugin.state


def test_a_plugin_starts_and_a_stop_ends_it(node):
    plugin = installed(ECHO)
    (instance,) = eventually(lambda: running(plugin))
    assert instance.address.startswith("unix:") and instance.contract == 1
    assert state_of(plugin) == "running"
    assert Agent.objects.get(slug="echo").state == "ready"
    services.set_desired(US, "echo", "stopped")
    assert Agent.objects.get(slug="echo").state == "shutdown"
    eventually(lambda: state_of(plugin) == "unloaded")
    assert not node.processes() and not node.sockets()
    assert instances(plugin)[0].reason == "It was stopped."


def test_a_killed_process_is_back_without_a_pause(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    kill(before.pid)
    (after,) = eventually(lambda: (r := running(plugin)) and r[0].pid != before.pid and r)
    assert not plugin.events.filter(type="backoff").exists()
    assert (after.id, after.restarts) == (before.id, 1)
    assert after.launch_id != before.launch_id
    ended = plugin.events.filter(type="exited").get()
    assert ended.message == "It was ended by SIGKILL."


def test_what_a_dead_process_had_started_dies_too(node, tmp_path):
    (tmp_path / "plugin.yaml").write_text((ECHO / "plugin.yaml").read_text())
    spawn = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    main = (ECHO / "main.py").read_text().replace("import os\n", f"import os\n{spawn}", 1)
    (tmp_path / "main.py").write_text(main)
    plugin = installed(tmp_path)
    (before,) = eventually(lambda: running(plugin))
    left = {
        process.pid for process in eventually(lambda: node.processes()[1:] and node.processes())
    }
    kill(before.pid)
    eventually(lambda: (r := running(plugin)) and r[0].pid != before.pid)
    assert not left & {process.pid for process in node.processes()}


def test_it_is_scaled_up_and_down(node):
    plugin = installed(ECHO)
    eventually(lambda: running(plugin))
    services.scale(US, "echo", 3)
    rows = eventually(lambda: running(plugin, 3))
    assert len({row.pid for row in rows}) == 3
    services.scale(US, "echo", 1)
    (row,) = eventually(lambda: running(plugin, 1))
    assert row.ordinal == 0 and row.pid == rows[0].pid
    eventually(lambda: len(node.processes()) == 1)
    services.scale(US, "echo", 2)
    eventually(lambda: running(plugin, 2))
    assert [row.id for row in instances(plugin)] == [row.id for row in rows], "a slot keeps its row"


def test_a_restart_replaces_every_process_and_leaves_no_gap(node):
    plugin = installed(ECHO, replicas=2)
    before = {row.pid for row in eventually(lambda: running(plugin, 2))}
    services.restart(US, "echo")
    seen_serving = []

    def replaced():
        rows = instances(plugin)
        seen_serving.append(sum(row.state == "running" for row in rows))
        return not before & {row.pid for row in rows}

    eventually(replaced)
    assert min(seen_serving) == 2
    eventually(lambda: len(node.processes()) == 2)


def test_a_paused_plugin_keeps_its_process(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    services.set_desired(US, "echo", "paused")
    assert (state_of(plugin), Agent.objects.get(slug="echo").state) == ("paused", "maintenance")
    services.set_desired(US, "echo", "running")
    assert (state_of(plugin), Agent.objects.get(slug="echo").state) == ("running", "ready")
    assert running(plugin)[0].pid == before.pid


def test_a_supervisor_killed_and_started_takes_its_processes_back(node):
    plugin = installed(ECHO, replicas=2)
    before = [row.pid for row in eventually(lambda: running(plugin, 2))]
    node.kill()
    node.start()
    eventually(lambda: plugin.events.filter(type="adopted").count() == 2)
    after = eventually(lambda: running(plugin, 2))
    assert [row.pid for row in after] == before
    kill(after[1].pid)  # not its child any more, and noticed all the same
    eventually(lambda: (r := running(plugin, 2)) and r[1].pid != before[1])


def test_a_process_that_died_with_its_supervisor_is_started_again(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    node.kill()
    kill(before.pid)
    node.start()
    eventually(lambda: (r := running(plugin)) and r[0].pid != before.pid)
    assert "has ended" in plugin.events.filter(type="exited").first().message


def test_an_orderly_end_of_the_supervisor_ends_its_processes(node):
    plugin = installed(ECHO)
    eventually(lambda: running(plugin))
    assert node.stop() == 0
    assert not node.processes() and not node.sockets()
    assert Node.objects.get(name=node.name).state == "inactive"
    node.start()
    eventually(lambda: running(plugin))


def test_a_frozen_process_is_degraded_then_replaced(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    os.kill(before.pid, signal.SIGSTOP)
    eventually(lambda: plugin.events.filter(type="degraded").exists(), within=20)
    eventually(lambda: (r := running(plugin)) and r[0].pid != before.pid, within=20)
    eventually(lambda: len(node.processes()) == 1)


def test_frozen_processes_do_not_delay_the_lease_of_the_others(node):
    plugin = installed(ECHO, replicas=4)
    first, *others = eventually(lambda: running(plugin, 4))
    pid = first.pid
    for each in others:
        os.kill(each.pid, signal.SIGSTOP)
    moments = sampled_until(first, time.monotonic() + 11.0)
    gaps = [after - before for before, after in pairwise(moments)]
    assert gaps and max(gaps) < 4.0, gaps
    first.refresh_from_db()
    assert (first.state, first.pid) == ("running", pid)


def sampled_until(row, deadline):
    """When it was asked how it is, in seconds."""
    moments = []
    while time.monotonic() < deadline:
        row.refresh_from_db()
        if row.sampled is not None and row.sampled.timestamp() not in moments:
            moments.append(row.sampled.timestamp())
        time.sleep(0.1)
    return moments


def test_a_process_knows_no_secret_of_ours(node):
    plugin = installed(ECHO)
    (row,) = eventually(lambda: running(plugin))
    process = psutil.Process(row.pid)
    environment = process.environ()
    assert set(environment) <= {
        *("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "LOG_LEVEL", "PYTHONPATH"),
        *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"),
        *("AGENTX_PLUGIN_COOKIE", "AGENTX_HANDSHAKE_FD"),
    }
    assert str(ROOT) not in environment["PYTHONPATH"].split(":")
    with override_settings(SECRET_KEY=os.environ["AGENTX_SECRET_KEY"]):
        token_of.cache_clear()
        shown = f"{environment} {process.cmdline()}"
        assert token_of(str(row.launch_id)) not in shown
    assert process.cwd() == str(node.home / "work" / "echo" / "0")
    assert os.getsid(row.pid) == os.getpgid(row.pid) == row.pid
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_what_a_process_uses_is_measured(node):
    plugin = installed(ECHO)
    eventually(lambda: (r := running(plugin)) and r[0].sampled)
    (row,) = instances(plugin)
    assert row.rss_bytes > 10_000_000 and row.open_files > 3


def test_uninstalling_ends_the_processes_and_retires_the_agents(node):
    plugin = installed(ECHO)
    eventually(lambda: running(plugin))
    services.uninstall(US, "echo")
    eventually(lambda: not node.processes())
    assert not Plugin.objects.exists()
    assert Agent.objects.get(slug="echo").retired is not None
