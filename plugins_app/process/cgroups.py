"""A group of the kernel for each plugin process and whatever it starts, where we may make one.

Version 1 has a tree for each controller, version 2 one for all; where each of them takes groups was tried before
(`isolation.machine`). Files: the kernel's admin-guide/cgroup-v1 and cgroup-v2.
"""

import hashlib
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from plugins_app.isolation import Confinement

PERIOD: Final = 100_000  # microseconds
_in_use: set[str] = set()  # the names of groups that this process made
ABANDONED_SECONDS: Final = 600.0
ENDS: Final = 20  # times it is asked who is left; who is killed may just have made a child


@dataclass(frozen=True, slots=True)
class Group:
    """One process's: controller -> its folder. The same folder for all with version 2."""

    folders: dict[str, Path]

    def limit_cpu(self, cpus: float | None) -> None:
        """Only from its handshake on: a start may take what it needs."""
        folder = self.folders.get("cpu")
        if folder is None or not cpus:
            return
        quota = max(1000, int(cpus * PERIOD))
        if (folder / "cpu.max").exists():
            _write(folder / "cpu.max", f"{quota} {PERIOD}")
            _write(folder / "cpu.max.burst", str(quota))
        else:
            _write(folder / "cpu.cfs_period_us", str(PERIOD))
            _write(folder / "cpu.cfs_quota_us", str(quota))
            _write(folder / "cpu.cfs_burst_us", str(quota))

    def memory(self) -> int | None:
        """Bytes that cannot be had back, so without the cache of files."""
        folder = self.folders.get("memory")
        if folder is None:
            return None
        facts = _facts(folder / "memory.stat")
        return facts.get("anon", facts.get("rss", 0)) + facts.get("shmem", 0)

    def processes(self) -> int | None:
        """With their threads."""
        folder = self.folders.get("pids")
        text = _read(folder / "pids.current") if folder else ""
        return int(text) if text else None

    def ended_for_memory(self) -> int:
        """How often the kernel ended one of its processes because the limit was reached."""
        folder = self.folders.get("memory")
        if folder is None:
            return 0
        counts = _facts(folder / "memory.events") or _facts(folder / "memory.oom_control")
        return counts.get("oom_kill", 0)

    def end(self) -> None:
        """Kill what is left in it, also what left its process group, and take the group away."""
        for folder in set(self.folders.values()):
            _empty(folder)
            with suppress(OSError):
                folder.rmdir()  # what is just dying is still in it: the sweep comes again
            _in_use.discard(folder.name)


def make(launch_id: str, confinement: Confinement) -> Group | None:
    """With its limits; None where there are no groups to be had."""
    name = f"{prefix()}{launch_id}"
    group = Group({each: Path(top) / name for each, top in confinement.folders.items()})
    if not group.folders:
        return None
    _in_use.add(name)  # before its process is in it, it looks like one that was left
    for folder in set(group.folders.values()):
        folder.mkdir(exist_ok=True)
    _limit(group, confinement)
    return group


def found(launch_id: str, folders: dict[str, str]) -> Group | None:
    """That of a process which another supervisor started."""
    there = {name: Path(top) / f"{prefix()}{launch_id}" for name, top in folders.items()}
    there = {name: folder for name, folder in there.items() if folder.is_dir()}
    return Group(there) if there else None


def sweep(folders: dict[str, str]) -> None:
    """Take away what was left of launches that have ended. The kernel refuses those with somebody in it."""
    for top in set(folders.values()):
        for folder in Path(top).glob("agentx-*"):
            if folder.name not in _in_use and (folder.name.startswith(prefix()) or _is_old(folder)):
                with suppress(OSError):
                    folder.rmdir()


def _is_old(folder: Path) -> bool:
    """That of an AgentX which may be gone for good; one that is just launching is younger."""
    try:
        return time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
    except OSError:
        return False


def prefix() -> str:
    """No other AgentX on this machine has the same."""
    home = f"{settings.AGENTX_HOME}/{settings.NODE_NAME}".encode()
    return f"agentx-{hashlib.sha256(home).hexdigest()[:8]}-"


def _limit(group: Group, confinement: Confinement) -> None:
    if pids := group.folders.get("pids"):
        _write(pids / "pids.max", str(confinement.processes))
    memory, limit = group.folders.get("memory"), confinement.memory_bytes
    if memory is None or limit is None:
        return
    if (memory / "memory.max").exists():
        _write(memory / "memory.max", str(limit))
        _write(memory / "memory.swap.max", "0")
        _write(memory / "memory.oom.group", "1")
    else:
        _write(memory / "memory.limit_in_bytes", str(limit))
        _write(memory / "memory.memsw.limit_in_bytes", str(limit))


def _empty(folder: Path) -> None:
    if (folder / "cgroup.kill").exists():
        _write(folder / "cgroup.kill", "1")
        return
    for _ in range(ENDS):
        # 0: one that we cannot see; signalled, it would be our own group.
        members = [pid for pid in _read(folder / "cgroup.procs").split() if pid != "0"]
        if not members:
            return
        for pid in members:
            with suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)


def _write(path: Path, text: str) -> None:
    """What this kernel does not have (bursts, swap) is left out."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _facts(path: Path) -> dict[str, int]:
    """A file of lines `name number`."""
    pairs = (line.split() for line in _read(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
