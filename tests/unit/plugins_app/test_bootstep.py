"""How a worker puts its supervisor down."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from plugins_app.supervisor.bootstep import SupervisorStep

ORDERLY = (
    "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(7)); print(); time.sleep(60)"
)


@pytest.mark.parametrize(("exitcode", "end"), [(0, 7), (None, 7), (1, -9)])
def test_only_a_worker_that_was_told_to_stop_ends_the_processes(exitcode, end):
    """A supervisor that gets SIGTERM ends what it has; one that is killed leaves it to the next."""
    worker = SimpleNamespace(exitcode=exitcode, steps=[])
    step = SupervisorStep(worker)
    with subprocess.Popen([sys.executable, "-c", ORDERLY], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        step._child = child
        step.stop(worker)
        assert child.returncode == end
