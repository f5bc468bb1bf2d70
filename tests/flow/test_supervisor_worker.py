"""The Celery worker of a node keeps its supervisor, and nothing outlives them for long."""

import subprocess
import sys
import time

import psutil
import pytest

from registry.models import Node
from tests.flow.installation import lives
from tests.nodes import ROOT, SupervisedNode, eventually, installed, running

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = ROOT / "plugins" / "echo"


class WorkerNode(SupervisedNode):
    def start(self) -> None:
        argv = [sys.executable, "-m", "celery", "-A", "agentx_site", "worker"]
        options = ["--concurrency", "1", "--loglevel", "warning", "--without-gossip"]
        self.child = subprocess.Popen([*argv, *options], cwd=ROOT, env=self.environment)

    def supervisor(self) -> psutil.Process | None:
        assert self.child is not None
        for each in psutil.Process(self.child.pid).children():
            if each.status() != "zombie" and "supervisor" in each.cmdline():
                return each
        return None


@pytest.fixture
def node():
    node = WorkerNode()
    node.start()
    eventually(lambda: Node.objects.filter(name=node.name, state="active").exists(), within=20)
    yield node
    node.close()


def test_a_supervisor_that_dies_is_replaced_and_the_worker_ends_all_in_order(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    first = node.supervisor()
    first.kill()
    second = eventually(lambda: (s := node.supervisor()) and s.pid != first.pid and s)
    eventually(lambda: plugin.events.filter(type="adopted").exists())
    assert running(plugin)[0].pid == before.pid
    assert node.stop(within=20) == 0
    assert not second.is_running() and not node.processes()


def test_a_supervisor_that_hangs_is_replaced_before_its_processes_end(node):
    plugin = installed(ECHO)
    (before,) = eventually(lambda: running(plugin))
    node.supervisor().suspend()
    eventually(lambda: plugin.events.filter(type="adopted").exists(), within=14)
    assert running(plugin)[0].pid == before.pid


def test_after_the_worker_is_killed_nothing_outlives_the_lease(node):
    plugin = installed(ECHO)
    eventually(lambda: running(plugin))
    assert node.supervisor()
    family = psutil.Process(node.child.pid).children()
    assert len(family) > 1, "the supervisor and the pool"
    node.kill()
    eventually(lambda: not any(map(lives, family)), within=2)
    assert len(node.processes()) == 1, "it waits for the next supervisor"
    began = time.monotonic()
    eventually(lambda: not node.processes(), within=20)
    assert time.monotonic() - began > 9
