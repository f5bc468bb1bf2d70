"""Takes away releases and environments that nothing refers to any more, and never one that a process still uses."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from plugins_app.packages import archive
from plugins_app.preparing import node, places

log = logging.getLogger(__name__)
LINKS: Final = ("exe", "cwd")


def collect(releases: Iterable[str], environments: Iterable[str]) -> list[str]:
    """Remove every folder that is neither among these nor used by a process. Answers the names of those it took.

    `releases` are ids, `environments` folders. Runs only while no preparation is at work.
    """
    used = in_use()
    kept = {str(Path(each)) for each in environments}
    kept |= {str(places.release(each)) for each in releases} | used
    for folder in _folders(places.releases()):
        if str(folder) in kept and (linked := node.linked(folder)) is not None:
            kept.add(str(linked))
    taken = []
    for folder in [*_folders(places.releases()), *_folders(places.environments())]:
        if str(folder) not in kept:
            _remove(folder)
            taken.append(folder.name)
    if taken:
        log.info("removed what nothing refers to: %s", ", ".join(taken))
    return taken


def in_use() -> set[str]:
    """The releases and environments that any process was started from or works in."""
    roots = (str(places.releases()), str(places.environments()))
    found = set()
    for text in _traces():
        for root in roots:
            _before, sign, rest = text.partition(f"{root}/")
            if sign:
                found.add(f"{root}/{rest.split('/')[0]}")
    return found


def _traces() -> Iterator[str]:
    """Every argument, program and working directory of this machine's processes, as far as we may see them."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield from (entry / "cmdline").read_text(errors="replace").split("\0")
            for name in LINKS:
                with suppress(OSError):
                    yield str((entry / name).readlink())


def _folders(root: Path) -> list[Path]:
    with os.scandir(root) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [root / name for name in names if not name.endswith(places.HALF_MADE)]


def _remove(folder: Path) -> None:
    if folder.parent == places.releases():
        archive.remove(folder)
    if folder.is_dir():
        places.remove(folder)
