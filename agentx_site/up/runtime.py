"""Where things live on this machine: private folders for sockets, owners, free ports."""

import ctypes
import hashlib
import os
import pwd
import signal
import socket
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agentx_site.up.errors import UpError, unusable

SHORT = 40  # a unix socket path has 107 bytes; below the temporary folder we add up to 60
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The operating system user that a server runs as."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> "Account":
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def unprivileged(cls) -> "Account":
        """Ourselves, or `nobody` when we are root: Postgres refuses to run as root."""
        if os.geteuid() != 0:
            return cls.current()
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_uid, entry.pw_gid)

    def may_pass(self, path: Path) -> bool:
        """Can this account walk down to `path`? We never widen a folder that is not ours."""
        return self.uid == 0 or all(self._may_enter(parent) for parent in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        info = folder.stat()
        if info.st_uid == self.uid:
            return bool(info.st_mode & stat.S_IXUSR)
        if info.st_gid == self.gid:
            return bool(info.st_mode & stat.S_IXGRP)
        return bool(info.st_mode & stat.S_IXOTH)


def runtime_dir(home: Path) -> Path:
    """The folder for the sockets of one AGENTX_HOME: short, stable, ours, never a symlink."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:8]
    path = _temporary_root() / f"agentx-{os.geteuid()}-{digest}"
    # Root's own is passable, because Postgres runs as nobody; what lies below is 0700 again.
    return private_dir(path, mode=0o711 if os.geteuid() == 0 else 0o700)


def private_dir(path: Path, owner: Account | None = None, mode: int = 0o700) -> Path:
    """Make or check a folder that belongs to `owner` (default: us) alone.

    Raises UpError when somebody else was there first, as anyone may be in /tmp.
    """
    owner = owner or Account.current()
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        info = path.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid not in {os.geteuid(), owner.uid}:
            raise UpError(f"{path} belongs to somebody else: remove it or set TMPDIR.")
        if (info.st_uid, info.st_gid) != (owner.uid, owner.gid) and os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid)
        path.chmod(mode)
    except OSError as error:
        raise unusable(str(path), error) from error
    return path


def _temporary_root() -> Path:
    account = Account.unprivileged()
    for candidate in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - a private folder is made inside
        fits = len(str(candidate)) <= SHORT and os.access(candidate, os.W_OK)
        if fits and account.may_pass(candidate / "x"):
            return candidate
    raise UpError("No short temporary folder can be written: set TMPDIR to one, for example /tmp.")


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def dies_with_us(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `number` to the child when the thread that spawned it ends.

    So spawn from the main thread. It runs after CPython has switched the user, which would
    otherwise clear the setting.
    """
    parent = os.getpid()

    def arrange() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent was gone before the kernel could know
            os.kill(os.getpid(), number)

    return arrange


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not (PID 1 of many containers reaps late)."""
    facts = _stat(pid)
    return bool(facts) and facts[0] not in "ZX"


def started_ticks(pid: int) -> int:
    """When the kernel started the process, in clock ticks since boot; 0 when it is gone."""
    facts = _stat(pid)
    return int(facts[19]) if facts else 0


def group_lives(group: int) -> bool:
    """Whether a process group has a member that is not a zombie."""
    members = (_stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return any(facts and int(facts[2]) == group and facts[0] not in "ZX" for facts in members)


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str]:
    """The kernel's line about a process from its state on; the name before may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
