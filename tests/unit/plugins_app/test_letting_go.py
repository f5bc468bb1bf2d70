"""A process that is not ours goes on without us, and we without it."""

import asyncio
import os
import subprocess
import sys

import pytest

from plugins_app.process.identity import identity_of
from plugins_app.process.running import PluginProcess


@pytest.fixture
def child():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def watched(pid):
    return PluginProcess(
        identity_of(pid), launch_id="a", address="unix:/a", contract=1, child=None, token="theirs"
    )


def test_it_is_let_go_once(child):
    """Its descriptor may be somebody else's by the second time."""

    async def twice():
        process = watched(child.pid)
        process.release()
        again = watched(child.pid)  # gets the number that has just become free
        process.release()
        os.fstat(again._pidfd)
        again.release()

    asyncio.run(twice())


def test_who_knows_it_forgets_it(child):
    """Else its slot would go on asking how it is, and so keep it alive."""

    async def let_go():
        process, known = watched(child.pid), {"it"}
        process.on_exit(known.clear)
        process.release()
        assert not known
        assert not process.exited.is_set()

    asyncio.run(let_go())
