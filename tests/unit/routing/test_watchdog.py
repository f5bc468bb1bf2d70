"""A gateway that hangs ends itself, and says where it hung; one that is only busy does not."""

import subprocess
import sys

import pytest

from routing.gateway import watchdog
from tests.echoes import ROOT

PROGRAM = """
import asyncio, time
from importlib.util import module_from_spec, spec_from_file_location

spec = spec_from_file_location("watchdog", {path!r})
module = module_from_spec(spec)
spec.loader.exec_module(module)

def hangs():
    time.sleep({hang})

async def main():
    watch = module.Watchdog(beat_seconds=0.1)
    watch.start()
    await asyncio.sleep(0.2)
    hangs()
    await asyncio.sleep(0.2)
    watch.end()

asyncio.run(main())
"""


@pytest.mark.parametrize(("hang", "status"), [(30, watchdog.EXIT_STATUS), (0.15, 0)])
def test_a_loop_that_hangs_ends_its_process(hang, status):
    program = PROGRAM.format(path=watchdog.__file__, hang=hang)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=25
    )
    assert done.returncode == status, done.stderr
    assert ("in hangs" in done.stderr) == (status != 0)
