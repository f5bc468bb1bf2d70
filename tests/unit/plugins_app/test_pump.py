"""A process's log: bounded in its rate and its size, and never in the way of who writes it."""

import asyncio
import json
import os
import subprocess
import sys

import pytest

from plugins_app.process import pump as pumps
from plugins_app.process.pump import Pump, found, pipe
from tests.system import until

LIMIT = 10_000
pytestmark = pytest.mark.asyncio


@pytest.fixture
def path(tmp_path):
    return tmp_path / "talker.0.log"


def writer(code: str, theirs: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs)


async def ended(child) -> int:
    """Its exit status, while the loop goes on reading what it writes."""
    return await asyncio.to_thread(child.wait)


async def test_what_is_within_the_limit_is_kept_word_for_word(path):
    ours, theirs = pipe()
    pump = Pump(ours, path, LIMIT)
    os.write(theirs, b"one\ntwo\nno end")
    os.close(theirs)
    pump.close()
    assert path.read_bytes() == b"one\ntwo\nno end"


async def test_a_flood_is_dropped_whole_line_by_whole_line_and_counted(path):
    ours, theirs = pipe()
    pump = Pump(ours, path, LIMIT)
    told = []
    pump.on_flood = lambda lines, dropped: told.append((lines, dropped))
    lines = [f"{number:09}".encode() for number in range(50_000)]
    child = writer("import sys\nfor n in range(50_000): print(f'{n:09}')", theirs)
    os.close(theirs)
    assert await ended(child) == 0
    pump.close()
    *kept, notice = path.read_bytes().splitlines()
    kept = [line for line in kept if not line.startswith(b"{")]
    assert set(kept) <= set(lines)
    assert kept[0] == lines[0]
    assert sum(count for count, _ in told) == len(lines) - len(kept)
    assert "lines" in json.loads(notice)["message"]
    assert path.stat().st_size < 60 * LIMIT


async def test_the_file_never_grows_beyond_its_bound(path, monkeypatch):
    monkeypatch.setattr(pumps, "LOG_BYTES", 50_000)
    ours, theirs = pipe()
    pump = Pump(ours, path, 10_000_000)
    child = writer("print(('x' * 99 + chr(10)) * 10_000)", theirs)
    os.close(theirs)
    largest = 0
    while child.poll() is None:
        await asyncio.sleep(0)
        largest = max(largest, path.stat().st_size if path.exists() else 0)
    pump.close()
    assert max(largest, path.stat().st_size) <= 50_000 + pumps.CHUNK
    assert path.with_suffix(".log.1").stat().st_size <= 50_000 + pumps.CHUNK


async def test_two_processes_of_a_slot_write_to_one_file(path, monkeypatch):
    """While one takes over from the other."""
    monkeypatch.setattr(pumps, "LOG_BYTES", 100)
    ends = [pipe(), pipe()]
    both = [Pump(ours, path, LIMIT) for ours, _ in ends]
    for turn in range(20):
        os.write(ends[turn % 2][1], f"line {turn:04}\n".encode())
        both[turn % 2].drain()
    text = path.with_suffix(".log.1").read_text() + path.read_text()
    assert text.splitlines()[-15:] == [f"line {turn:04}" for turn in range(5, 20)]
    for pump, (_, theirs) in zip(both, ends, strict=True):
        os.close(theirs)
        pump.close()


async def test_nobody_reads_and_the_next_supervisor_has_it_all(path):
    """The process holds both ends, so it neither breaks nor loses a word."""
    ours, theirs = pipe()
    child = writer("import os, time\nos.write(1, b'before\\n')\ntime.sleep(60)", theirs)
    os.close(theirs)
    os.close(ours)  # the supervisor is gone
    child.poll()
    again = await asyncio.to_thread(until, lambda: found(child.pid))
    pump = Pump(again, path, LIMIT)
    await asyncio.to_thread(until, path.exists)
    child.kill()
    await ended(child)
    pump.close()
    assert path.read_text() == "before\n"


async def test_a_pipe_that_is_not_ours_is_left_alone():
    """A process under a debugger writes to its author."""
    code = (sys.executable, "-c", "input()")
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = await asyncio.create_subprocess_exec(*code, **pipes)
    assert found(child.pid) is None
    await child.communicate(b"\n")
