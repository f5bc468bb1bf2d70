"""Where a plugin process finds its folders, and where it leaves its log."""

import errno
import os
import re
import shutil
import socket
import stat
import time
from pathlib import Path
from typing import Final

from django.conf import settings

from plugins_app.errors import LaunchFailed

NODE_ERROR: Final = re.compile(r"(Uncaught )?[A-Za-z]*(Error|Exception)\b.*: ")
LOG_BYTES: Final = 8 * 1024 * 1024
SWEEP_SECONDS: Final = 60.0  # longer than a process without a supervisor needs to listen, or to end
_in_use: Final[set[Path]] = set()  # of the launches of this supervisor


def work_dir(plugin: str, ordinal: int) -> Path:
    """Its home and working directory; kept between launches."""
    folder = private(private(settings.AGENTX_HOME / "work") / plugin)
    folder = private(folder / str(ordinal))
    private(folder / "tmp")
    return folder


def state_dir(plugin: str) -> Path:
    """What its processes are to find again, a file for each of its slots. None of them can write to it."""
    return private(private(settings.AGENTX_HOME / "state") / plugin)


def log_file(plugin: str, ordinal: int) -> Path:
    """What it writes to standard error; appended to by every launch of the slot."""
    folder = private(private(settings.AGENTX_HOME / "logs") / "plugins")
    return folder / f"{plugin}.{ordinal}.log"


def log_size(path: Path) -> int:
    """In bytes; 0 when it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def lock_file(node: str) -> Path:
    """Held by the one supervisor of a node, and touched every second while it is well."""
    folder: Path = settings.AGENTX_HOME
    return folder / f"supervisor-{node}.lock"


def last_lines(path: Path, count: int, *, since: int = 0) -> list[str]:
    """The end of a log, at most 64 KiB of it, from the offset `since` on."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= size else 0, size - 65536))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-count:]


def last_words(lines: list[str]) -> str:
    """What a process said at its end: the last line; of Node, whose last line is its version, the error before it."""
    told = [line for line in lines if line.strip()]
    if told and told[-1].startswith("Node.js v"):
        errors = [line for line in told if NODE_ERROR.match(line)]
        told = errors or told
    return told[-1].strip() if told else ""


def sockets() -> Path:
    """The folder that holds one folder per launch. Ours alone, whoever was in /tmp before us."""
    root = private(Path(settings.RUNTIME_DIR), widest=0o711)
    return private(root / "p")


def socket_dir(launch_id: str) -> Path:
    """A new folder for one launch of ours."""
    folder = launch_dir(launch_id)
    _in_use.add(folder)  # before anybody listens there, it looks like one that was left
    return private(folder)


def launch_dir(launch_id: str) -> Path:
    """Where it is; its name is short because a socket's path must be."""
    return sockets() / launch_id.replace("-", "")[:8]


def remove_socket_dir(folder: str | Path) -> None:
    """What a killed process left behind. Only ever below our own folder."""
    folder = Path(folder)
    _in_use.discard(folder)
    if folder.parent == sockets():
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of launches whose sockets nobody listens on any more: they ended without us."""
    for folder in sockets().iterdir():
        if folder not in _in_use and _is_left(folder):
            remove_socket_dir(folder)


def _is_left(folder: Path) -> bool:
    try:
        age = time.time() - folder.stat().st_mtime
        return age > SWEEP_SECONDS and not any(_listens(each) for each in folder.glob("*.sock"))
    except OSError:
        return False  # it goes just now


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a frozen listener would hold us
        return probe.connect_ex(str(path)) in (0, errno.EAGAIN)


def private(path: Path, widest: int = 0o700) -> Path:
    """Make or check a folder that nobody else can write to. Raises `LaunchFailed`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = path.lstat()
    except OSError as error:
        raise LaunchFailed(f"Cannot use the folder {path}: {error.strerror}.") from None
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise LaunchFailed(f"The folder {path} belongs to somebody else.")
    if facts.st_mode & 0o777 & ~widest:
        path.chmod(widest)
    return path
