import asyncio
import io
import os
import signal
import sys
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from agentx_site.up.child import Child, Program
from agentx_site.up.errors import UpError
from agentx_site.up.logs import Terminal
from agentx_site.up.probes import runs
from agentx_site.up.runtime import is_alive

pytestmark = pytest.mark.asyncio


def child(code: str, **settings: object) -> tuple[Child, io.StringIO]:
    written = io.StringIO()
    terminal = Terminal(Console(file=written, width=200))
    program = Program("web", lambda: [sys.executable, "-c", code], runs, os.environ, **settings)  # type: ignore[arg-type]
    return Child(program, terminal, lambda: None), written


async def until(met: Callable[[], bool], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not met():  # noqa: ASYNC110 (another process is watched: nothing sets an event)
            await asyncio.sleep(0.01)


SLEEP = "import time; print('here', flush=True); time.sleep(60)"


async def test_what_dies_is_started_again() -> None:
    sleeper, written = child(SLEEP)
    sleeper.start()
    await until(lambda: "here" in sleeper.tail)
    first = sleeper.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: sleeper.pid not in {None, first})
    await sleeper.stop()
    assert "web was ended by SIGKILL; again in" in written.getvalue()
    assert sleeper.pid is None


async def test_pauses_grow_while_it_keeps_dying() -> None:
    failing, written = child("print('no luck'); raise SystemExit(1)")
    failing.start()
    await until(lambda: failing.exits >= 3, within=10)
    await failing.stop()
    pauses = [
        float(line.split()[-2]) for line in written.getvalue().splitlines() if "again" in line
    ]
    assert pauses[0] <= 0.2
    assert pauses[2] > pauses[0]


async def test_a_stop_does_not_wait_for_the_pause() -> None:
    failing, _ = child("raise SystemExit(1)")
    failing.start()
    await until(lambda: failing.exits >= 2)
    began = time.monotonic()
    await failing.stop()
    assert time.monotonic() - began < 1


async def test_who_ends_at_once_is_quoted() -> None:
    failing, _ = child("print('no such table: agents'); raise SystemExit(3)")
    failing.start()
    never = Program("web", failing.program.argv, _never, os.environ)
    failing.program = never
    with pytest.raises(UpError, match="Web ended at once: no such table: agents"):
        await failing.until_ready(5)
    await failing.stop()


async def _never(pid: int) -> bool:
    return False


async def test_who_does_not_listen_is_ended_all_the_same() -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN);" + SLEEP
    stubborn, written = child(deaf, patience=0.2)
    stubborn.start()
    await until(lambda: "here" in stubborn.tail)
    await stubborn.stop()
    assert "did not end in time" in written.getvalue()


PARENT = """
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(left.pid, flush=True)
left.wait()
"""


async def test_what_it_leaves_behind_ends_with_it_though_it_holds_the_output() -> None:
    parent, _ = child(PARENT)
    parent.start()
    await until(lambda: bool(parent.tail))
    left = int(parent.tail[0])
    began = time.monotonic()
    await parent.stop()
    assert not is_alive(left)
    assert time.monotonic() - began < 2


async def test_long_and_odd_output_does_no_harm() -> None:
    code = r"import sys; sys.stdout.buffer.write(b'\xff' * 300000 + b'\n[red]{\"a\"\nend\n')"
    odd, written = child(code)
    odd.start()
    await until(lambda: odd.exits >= 1)
    await odd.stop()
    assert "[red]" in written.getvalue()
    assert "end" in odd.tail
