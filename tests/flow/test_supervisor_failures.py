"""Plugins that do not start, and services that go away: each with its reason, and nothing leaked."""

import signal
import time

import psutil
import pytest

from plugins_app import selectors, services
from registry.models import Agent, Node
from tests.nodes import BROKEN, ROOT, US, SupervisedNode, eventually, installed, kill, running

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = ROOT / "plugins" / "echo"
REASONS = {
    "mute": "It sent no handshake within 1 s.",
    "crashing": "It ended with exit status 1 before its handshake. "
    "Its last words: the model is missing",
    "wrong-contract": "It speaks contract 9, AgentX 1: upgrade AgentX.",
    "babbling": "It did not begin with a handshake but with 'Welcome to my framework!'",
    "missing": "Its executable ./not-there is not there",
}


def test_what_cannot_start_is_given_up_with_its_reason(node):
    """All five at once: the tries of one do not hold up the others."""
    plugins = {slug: installed(BROKEN / slug.replace("-", "_")) for slug in REASONS}
    healthy = installed(ECHO)
    eventually(lambda: running(healthy))
    for plugin in plugins.values():
        eventually(lambda plugin=plugin: plugin.instances.filter(state="fatal"), within=40)
        plugin.refresh_from_db()
        row = plugin.instances.get()
        assert REASONS[plugin.slug] in row.reason
        assert (plugin.state, plugin.reason) == ("error", row.reason)
        assert plugin.events.filter(type="backoff").count() == 4
        assert plugin.events.filter(type="fatal").count() == 1
        assert (row.pid, row.address, len(row.failures)) == (None, "", 6)
        assert Agent.objects.get(slug=plugin.slug).state == "error"
    assert plugins["crashing"].instances.get().log_tail[-1] == "the model is missing"
    assert len(node.processes()) == 1, "only echo"
    assert len(node.sockets()) == 2, "its folder and its socket"
    (supervisor,) = [p for p in psutil.Process().children() if "supervisor" in p.cmdline()]
    assert len(supervisor.children()) == 1 and supervisor.num_fds() < 40


def test_an_operator_may_try_again_what_was_given_up(node, tmp_path):
    plugin = installed(BROKEN / "missing")
    eventually(lambda: plugin.instances.filter(state="fatal"), within=20)
    services.set_desired(US, "missing", "running")
    eventually(lambda: plugin.events.filter(type="backoff").count() > 4)
    assert plugin.instances.get().state != "fatal"


def test_a_stop_ends_the_waiting_between_tries(node):
    plugin = installed(BROKEN / "crashing")
    eventually(lambda: plugin.instances.filter(state="backoff"))
    services.set_desired(US, "crashing", "stopped")
    eventually(lambda: plugin.instances.filter(state="exited", wanted=False), within=3)


def test_a_release_that_does_not_start_leaves_the_earlier_process(node, tmp_path):
    folder = tmp_path / "echo"
    folder.mkdir()
    for name in ("plugin.yaml", "main.py"):
        (folder / name).write_text((ECHO / name).read_text())
    plugin = installed(folder)
    (before,) = eventually(lambda: running(plugin))
    (folder / "main.py").write_text("import a_module_that_is_missing\n")
    services.install(US, folder)
    eventually(lambda: "did not start" in plugin.instances.get().reason)
    assert running(plugin)[0].pid == before.pid
    (folder / "main.py").write_text((ECHO / "main.py").read_text())
    services.install(US, folder)
    (after,) = eventually(lambda: (r := running(plugin)) and not r[0].reason and r)
    assert after.pid == before.pid, "it is what is wanted again"


def test_a_process_that_takes_too_much_memory_is_replaced(node, tmp_path):
    manifest = (ECHO / "plugin.yaml").read_text().replace("512MB", "20MB")
    (tmp_path / "plugin.yaml").write_text(manifest)
    (tmp_path / "main.py").write_text((ECHO / "main.py").read_text())
    plugin = installed(tmp_path)
    told = plugin.events.filter(message__contains="than the 20 MB that its manifest allows")
    eventually(told.exists)


def test_a_process_that_heeds_nothing_is_killed(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    kill(before.pid, signal.SIGSTOP)
    services.set_desired(US, "echo", "stopped")
    eventually(lambda: plugin.instances.filter(state="exited"), within=10)
    assert not node.processes() and not node.sockets()


def test_what_a_process_writes_can_be_followed(node):
    plugin = installed(BROKEN / "crashing")
    eventually(lambda: plugin.instances.filter(state="backoff"))
    lines = eventually(lambda: selectors.log_lines(US, "crashing", limit=5))
    assert (lines[0]["text"], lines[0]["level"]) == ("the model is missing", "info")
    # It goes on crashing and writing: what follows begins with what was seen to follow.
    following = selectors.log_lines(US, "crashing", after=lines[0]["id"])
    assert following[: len(lines) - 1] == lines[1:]


@pytest.fixture
def wired_node():
    """A node whose connections to Postgres and Valkey can be cut."""
    node = SupervisedNode(wired=True)
    node.start()
    eventually(lambda: Node.objects.filter(name=node.name, state="active").exists())
    yield node
    node.close()


def test_processes_go_on_and_come_back_while_postgres_is_away(wired_node):
    node, plugin = wired_node, installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    with node.postgres.cut():
        time.sleep(17)  # longer than a lease
        assert [process.pid for process in node.processes()] == [before.pid]
        kill(before.pid)
        eventually(lambda: [p for p in node.processes() if p.pid != before.pid], within=2)
    (after,) = eventually(lambda: (r := running(plugin)) and r[0].pid != before.pid and r)
    assert (after.restarts, after.pid) == (1, node.processes()[0].pid)


def test_without_redis_an_order_is_late_and_not_lost(wired_node):
    node, plugin = wired_node, installed(ECHO)
    eventually(lambda: running(plugin))
    with node.valkey.cut():
        services.scale(US, "echo", 2)
        eventually(lambda: running(plugin, 2), within=5)
    eventually(lambda: selectors.log_lines(US, "echo", limit=1) is not None)


@pytest.mark.parametrize("away", ["cut", "held"])
def test_the_end_needs_no_postgres(wired_node, away):
    plugin = installed(ECHO)
    eventually(lambda: running(plugin))
    with getattr(wired_node.postgres, away)():
        assert wired_node.stop(within=8) == 0
        assert not wired_node.processes()
