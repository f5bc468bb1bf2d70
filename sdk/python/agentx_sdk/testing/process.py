"""A plugin process, started as AgentX starts it: launch line in, handshake line out."""

import asyncio
import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import agentx_sdk
from agentx_sdk import sockets
from agentx_sdk.handshake import COOKIE, COOKIE_NAME, HANDSHAKE_FD_NAME
from agentx_sdk.testing.program import program
from agentx_sdk.version import CONTRACTS

Self = TypeVar("Self", bound="Process")
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
HANDSHAKE_FD = 3
# Gives the pipe the number that AgentX gives it, and becomes the plugin.
SHIM = """
import os, sys
pipe, wanted = int(sys.argv[1]), int(sys.argv[2])
if pipe != wanted:
    os.dup2(pipe, wanted)
    os.close(pipe)
os.set_inheritable(wanted, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


class LaunchFailed(Exception):
    """The process did not come up; says why, with what it wrote to stderr."""


class Process:
    """One process of the plugin in `folder` (or of a main.py). Use as `async with`.

    After entering, `address` is its socket and `handshake` the fields of its line. `options`
    overrides fields of the launch line; `environment` adds variables, None takes one away.
    `python` is the interpreter of a Python plugin; `handshake_fd` may be 1, standard output.
    Raises `NoPlugin`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        python: str = "",
        environment: Mapping[str, str | None] | None = None,
        timeout: float = 20.0,
        handshake_fd: int = HANDSHAKE_FD,
        **options: Any,
    ) -> None:
        self.program = program(Path(folder).resolve(), python)
        self.folder = self.program.folder
        self.manifest = self.program.manifest
        self._environment = environment or {}
        self._timeout = timeout
        self._handshake_fd = handshake_fd
        self.work_dir = Path(sockets.folder("agentx-"))
        self.token = secrets.token_hex(32)
        self.launch: dict[str, Any] = {
            "launch_id": str(uuid.uuid4()),
            "token": self.token,
            "socket_dir": str(self.work_dir),
            "contracts": list(CONTRACTS),
            "lease_seconds": 15,
            "plugin": self.manifest.get("metadata", {}).get("name") or self.folder.name,
            **options,
        }
        self.handshake: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The gRPC address."""
        return f"{self.handshake[2]}:{self.handshake[3]}"

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._popen.pid

    @property
    def log(self) -> str:
        """What it wrote to stderr so far."""
        return (self.work_dir / "stderr").read_text(errors="replace")

    @property
    def returncode(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._popen.poll()

    @property
    def _popen(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LaunchFailed("the process was not started: use `async with`")
        return self._process

    async def __aenter__(self: Self) -> Self:
        try:
            line = await asyncio.to_thread(self._start)
            self.handshake = self._accepted(line)
        except BaseException:
            await self.end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.end()

    async def wait(self, timeout: float = 10.0) -> int:
        """The exit status, once it has ended; raises subprocess.TimeoutExpired."""
        return await asyncio.to_thread(self._popen.wait, timeout)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def _start(self) -> str:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as handshake:
            try:
                self.spawn(writer)
            finally:
                os.close(writer)
            self.say()
            return _first_line(handshake.fileno(), self._timeout)

    def spawn(self, writer: int) -> subprocess.Popen[bytes]:
        """The bare process: `writer` becomes its handshake's descriptor. For tests of the start."""
        with (self.work_dir / "stderr").open("ab") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 - the plugin under test
                [*self._shim(writer), *self.program.argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=self.work_dir,
                env=self.environment(),
                pass_fds=(writer,),
                start_new_session=True,
            )
        return self._process

    def _shim(self, writer: int) -> list[str]:
        start = [sys.executable, "-I", "-S", "-c", SHIM]
        return [*start, str(writer), str(self._handshake_fd)]

    def say(self) -> None:
        """Give it the launch line."""
        line = json.dumps(self.launch).encode() + b"\n"
        stdin = self._popen.stdin
        if stdin is None:
            return
        try:
            with stdin:
                stdin.write(line)
        except BrokenPipeError:
            pass  # it ended before it read; the missing handshake tells why

    def environment(self) -> dict[str, str]:
        """The variables it is started with."""
        variables: dict[str, str | None] = {name: os.environ.get(name) for name in PASSED_ON}
        variables |= {
            "HOME": str(self.work_dir),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(Path(agentx_sdk.__file__).parents[1]),
            COOKIE_NAME: COOKIE,
            HANDSHAKE_FD_NAME: str(HANDSHAKE_FD),
            **self.program.environment,
            **self._environment,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def _accepted(self, line: str) -> list[str]:
        fields = line.rstrip("\n").split("|", 6)
        if len(fields) == 7 and fields[1] != "0":
            return fields
        why = f"refused: {fields[3]}" if len(fields) > 3 else f"no handshake (got {line!r})"
        raise LaunchFailed(f"{self.folder}: {why}\n{self.log}")

    async def end(self) -> None:
        """Kill what is left of it, and remove its folder."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)
        shutil.rmtree(self.work_dir, ignore_errors=True)


def _first_line(fd: int, timeout: float) -> str:
    """One line from a pipe, or what there is of it at its end or after `timeout` seconds."""
    until, line = time.monotonic() + timeout, b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0.0, until - time.monotonic()))
        byte = os.read(fd, 1) if ready else b""
        if not byte:
            break
        line += byte
    return line.decode(errors="replace")
