"""From a recipe to a process that said where it listens."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from plugins_app import handshake, launcher
from plugins_app.errors import LaunchFailed, NotOurs
from plugins_app.isolation import Confinement
from plugins_app.process import cgroups, confinement, places, pump, running
from plugins_app.process.around import Around
from plugins_app.process.identity import identity_of
from plugins_app.process.recipe import OOM_SCORE, Recipe
from plugins_app.process.running import PluginProcess

LAUNCHER: Final = (sys.executable, "-I", "-S", launcher.PROGRAM)
LAST_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Started:
    """A child that has not said anything yet."""

    child: "subprocess.Popen[bytes]"
    handshake: int  # the descriptor to read the line from
    log_offset: int
    around: Around
    report: socket.socket  # over which its launcher hands us its door


@dataclass(frozen=True, slots=True)
class Ends:
    """What lies between AgentX and one process: three for us, then the descriptors that it is given."""

    around: Around
    handshake: int
    report: socket.socket
    log: int
    said: int  # where it says its handshake
    reported: int
    variables: int


async def launch(
    what: Recipe,
    *,
    launch_id: str,
    token: str,
    lease_seconds: int,
    tls: handshake.Tls | None = None,
    confined: Confinement | None = None,
) -> PluginProcess:
    """Start it and wait for its handshake. Raises `LaunchFailed` with the reason; then nothing is left of it.

    With `tls` it listens on TCP, else at a unix socket. `confined`: what is put around it (`isolation.confinement`).
    """
    if confined is not None:
        confinement.check(confined, listens_on_tcp=tls is not None)
    folder = places.socket_dir(launch_id)
    try:
        line = handshake.launch_line(
            launch_id=launch_id,
            token=token,
            socket_dir=str(folder),
            lease_seconds=lease_seconds,
            plugin=what.plugin,
            tls=tls,
        )
        started = _start(what, line, launch_id, folder, confined)
    except BaseException:
        places.remove_socket_dir(folder)
        raise
    try:
        process = await _greeted(what, started, launch_id, folder, tls)
    except BaseException:
        started.around.close()
        places.remove_socket_dir(folder)
        raise
    finally:
        started.report.close()
    if confined is not None:
        process.isolation = confined.told()
        if process.around.group is not None:
            process.around.group.limit_cpu(confined.cpus)
    return process


def _start(
    what: Recipe, line: bytes, launch_id: str, folder: Path, confined: Confinement | None
) -> Started:
    offset = places.log_size(what.log_file)
    with ExitStack() as theirs, ExitStack() as ours:
        ends = _ends(what, confined, ours, theirs)
        child = _child(what, ends, launch_id, folder, confined)
        ours.pop_all()  # kept; theirs are the child's alone from here on
    assert child.stdin is not None
    with suppress(BrokenPipeError), child.stdin:
        child.stdin.write(line)  # shorter than a pipe's buffer: never waits
    return Started(child, ends.handshake, offset, ends.around, ends.report)


def _ends(what: Recipe, confined: Confinement | None, ours: ExitStack, theirs: ExitStack) -> Ends:
    """Each is closed by the stack that it is put on."""
    around = Around()
    ours.callback(around.close)
    reading, log = pump.pipe()
    theirs.callback(os.close, log)
    around.pump = pump.Pump(reading, what.log_file, what.log_bytes_per_second)
    heard, said = os.pipe()
    ours.callback(os.close, heard)
    theirs.callback(os.close, said)
    report, reported = socket.socketpair()
    ours.callback(report.close)
    theirs.callback(reported.close)
    variables = _written(what.environment | (confinement.environment(confined) if confined else {}))
    theirs.callback(os.close, variables)
    return Ends(around, heard, report, log, said, reported.fileno(), variables)


def _child(
    what: Recipe, ends: Ends, launch_id: str, folder: Path, confined: Confinement | None
) -> "subprocess.Popen[bytes]":
    orders = _orders(what, ends)
    try:
        if confined is not None:
            ends.around.memory_bytes = confined.memory_bytes
            ends.around.group = cgroups.make(launch_id, confined)
            orders |= _confined(what, confined, ends, folder)
        return subprocess.Popen(  # noqa: S603 - what an admin installed
            [*LAUNCHER, json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=ends.log,
            stderr=ends.log,
            cwd=what.work_dir,
            # Its variables reach it over a descriptor: the linker would obey them in the launcher, outside of all.
            env={},
            start_new_session=True,
            pass_fds=(ends.said, ends.reported, ends.variables),
        )
    except OSError as error:
        raise LaunchFailed(f"No process could be started: {error.strerror}.") from None


def _written(variables: dict[str, str]) -> int:
    """A descriptor of memory that holds them. Not a pipe, which could be too small, nor argv, which anybody reads."""
    descriptor = os.memfd_create("environment", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(json.dumps(variables).encode())
    return descriptor


def _orders(what: Recipe, ends: Ends) -> dict[str, Any]:
    return {
        "argv": list(what.argv),
        "environment": ends.variables,
        "limits": what.limits,
        "handshake": ends.said,
        "oom_score": OOM_SCORE,
    }


def _confined(what: Recipe, confined: Confinement, ends: Ends, folder: Path) -> dict[str, Any]:
    told = confinement.orders(confined, what, ends.around.group, folder, ends.reported)
    return {"confine": told, "limits": what.limits | confinement.limits(confined)}


def _door(report: socket.socket) -> socket.socket | None:
    """What its launcher sent before it became the plugin; None: it has no door."""
    report.setblocking(False)
    try:
        _, descriptors, _, _ = socket.recv_fds(report, 16, 1)
    except BlockingIOError:
        return None
    return socket.socket(fileno=descriptors[0]) if descriptors else None


async def _greeted(
    what: Recipe, started: Started, launch_id: str, folder: Path, tls: handshake.Tls | None
) -> PluginProcess:
    child, around = started.child, started.around
    try:
        line = await _line(started.handshake, what.startup_timeout)
        if not line.endswith(b"\n"):
            raise LaunchFailed(await _early_end(child))
        told = handshake.parse(line, launch_id=launch_id, socket_dir=str(folder), tls=tls)
        around.door = _door(started.report)
        return PluginProcess(
            identity_of(child.pid),
            launch_id=launch_id,
            address=told.address,
            contract=told.contract,
            child=child,
            around=around,
        )
    except (LaunchFailed, NotOurs, TimeoutError) as error:
        await _end(child)
        raise LaunchFailed(_reason(what, started, error)) from None
    except asyncio.CancelledError:
        await _end(child)
        raise


async def _line(descriptor: int, timeout: float) -> bytes:
    """The first line from a pipe, or what there was of it when the other end closed."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=handshake.MAX_LINE)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        async with asyncio.timeout(timeout):
            return await reader.readline()
    except ValueError:
        raise LaunchFailed("The first line of its handshake has no end.") from None
    finally:
        transport.close()


async def _early_end(child: "subprocess.Popen[bytes]") -> str:
    """Why there was no handshake: most likely it is ending, and will have ended in a moment."""
    if await _ended(child, within=1.0):
        return f"{running.ending(child.returncode).rstrip('.')} before its handshake."
    return "It closed the handshake pipe without a handshake: does it use the AgentX SDK?"


def _reason(what: Recipe, started: Started, error: Exception) -> str:
    if isinstance(error, TimeoutError):
        error = LaunchFailed(f"It sent no handshake within {what.startup_timeout:g} s.")
    started.around.drain()
    if reason := started.around.reason():
        return reason
    lines = places.last_lines(what.log_file, 100, since=started.log_offset)
    last = places.last_words(lines)[:LAST_WORDS]
    return f"{error} Its last words: {last}" if last and last not in str(error) else str(error)


async def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill it with its group and reap it."""
    running.end_group(child.pid, certain=child.returncode is None)
    await asyncio.shield(_ended(child, within=5.0))


async def _ended(child: "subprocess.Popen[bytes]", within: float) -> bool:
    if child.returncode is not None or child.poll() is not None:
        return True
    over = asyncio.Event()
    descriptor = running.watch(child.pid, over.set)
    try:
        async with asyncio.timeout(within):
            await over.wait()
    except TimeoutError:
        return False
    finally:
        running.unwatch(descriptor)
    child.wait()
    return True
