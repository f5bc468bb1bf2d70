"""What plugins that are installed no more have left on this node: working directories, state and logs."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from plugins_app.process import places


def remove_unknown(known: Iterable[str]) -> tuple[set[str], set[str]]:
    """Remove them, for every plugin that is not among these and has no process left.

    Answers their names, and the names of those that wait for the end of a process.
    """
    work = places.private(settings.AGENTX_HOME / "work")
    logs = places.log_file("any", 0).parent
    state = places.private(settings.AGENTX_HOME / "state")
    folders = [path for each in (work, state) for path in each.iterdir() if path.is_dir()]
    files = [path for path in logs.iterdir() if path.is_file() and ".log" in path.name]
    named = {path.name for path in folders} | {_plugin_of(path) for path in files}
    unknown = named - set(known)
    at_work = _at_work(work) if unknown else set()
    gone = unknown - at_work
    for path in files:
        if _plugin_of(path) in gone:
            path.unlink(missing_ok=True)
    for folder in folders:
        if folder.name in gone:
            shutil.rmtree(folder, ignore_errors=True)
    return gone, unknown & at_work


def _plugin_of(log: Path) -> str:
    """`echo.0.log` and `echo.0.log.1` are echo's: a plugin's name holds no dot."""
    return log.name.partition(".")[0]


def _at_work(work: Path) -> set[str]:
    """The plugins with a process that still works in its folder."""
    found: set[str] = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                found.add((entry / "cwd").readlink().relative_to(work).parts[0])
    return found
