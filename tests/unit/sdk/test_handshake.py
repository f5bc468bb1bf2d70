"""Where a plugin process writes its handshake line."""

import os
import subprocess
import sys

# What a framework does as it is imported or made: descriptor 3 is the first that is free.
TAKEN = """
import asyncio, os, sys
loop = asyncio.new_event_loop()
os.fstat(3)
from agentx_sdk.handshake import send_line, take_handshake_fd
send_line(take_handshake_fd(), b"here\\n")
print("a banner")
"""
GIVEN = TAKEN.replace("loop = asyncio.new_event_loop()\n", "")


def run(program, **options):
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=paths, **options,
    )  # fmt: skip


def test_what_a_framework_opened_is_not_the_cores_descriptor():
    """It was opened before the handshake, where the core gave none: the line comes on standard output."""
    with run(TAKEN) as process:
        out, err = process.communicate(timeout=30)
    assert (out, err.strip()) == (b"here\n", b"a banner")


def test_the_descriptor_that_the_core_gave_is_used():
    reader, writer = os.pipe()
    shim = f"import os\nos.dup2({writer}, 3)\nos.set_inheritable(3, True)\n"
    with run(shim + GIVEN, pass_fds=(writer,)) as process:
        os.close(writer)
        out, err = process.communicate(timeout=30)
    with os.fdopen(reader, "rb") as told:
        assert told.read() == b"here\n"
    assert (out, err.strip()) == (b"", b"a banner")
