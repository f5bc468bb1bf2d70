"""Which process it is. A pid alone may have been given away again."""

import hashlib
import os
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from plugins_app.errors import NotOurs


@dataclass(frozen=True, slots=True)
class Identity:
    pid: int
    started: int  # clock ticks since boot
    boot_id: str
    executable: str  # sha256

    def check(self) -> None:
        """Raise `NotOurs`, saying why, unless this very process is running now."""
        if self.boot_id != boot_id():
            raise NotOurs("The machine was started anew.")
        if started_ticks(self.pid) != self.started:
            raise NotOurs(f"Process {self.pid} has ended.")
        if executable_digest(self.pid) != self.executable:
            raise NotOurs(f"Process {self.pid} runs another program now.")


def identity_of(pid: int) -> Identity:
    """Raises `NotOurs` when there is no such process."""
    started = started_ticks(pid)
    if not started:
        raise NotOurs(f"Process {pid} has ended.")
    return Identity(pid, started, boot_id(), executable_digest(pid))


@cache
def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def started_ticks(pid: int) -> int:
    """When the kernel started it; 0 when it is gone or a zombie."""
    try:
        # What stands before the last parenthesis is the program's name, and may hold anything.
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if facts[0] in "ZX" else int(facts[19])


def executable_digest(pid: int) -> str:
    """sha256 of the file the process runs, also when its name was removed; empty when it is gone."""
    link = f"/proc/{pid}/exe"
    try:
        facts = os.stat(link)  # noqa: PTH116 - a link that must be followed by the kernel
        return _digest(link, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _digest(link: str, *_which: int) -> str:
    """One interpreter is hashed once, not for each process: what follows the link tells files apart."""
    with open(link, "rb") as file:  # noqa: PTH123 - a link that the kernel follows
        return hashlib.file_digest(file, "sha256").hexdigest()


def group_members(group: int) -> list[int]:
    """The pids in a process group, zombies left out."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            facts = _stat(entry)
            if facts and int(facts[2]) == group and facts[0] not in "ZX":
                members.append(int(entry.name))
    return members


def _stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
