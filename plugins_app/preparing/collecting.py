"""Takes away releases and environments that nothing refers to any more, and never one that a process still uses."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from plugins_app.packages import archive
from plugins_app.preparing import node, places

log = logging.getLogger(__name__)
LINKS: Final = ("exe", "cwd")


@dataclass(frozen=True, slots=True)
class Collected:
    """What was taken, and what nothing refers to but a process still uses."""

    taken: list[str]
    waiting: list[str]


def collect(releases: Iterable[str], environments: Iterable[str]) -> Collected:
    """Remove every folder that is neither among these nor used by a process. Answers their names.

    `releases` are ids, `environments` folders. Called `alone`, since before they were read: a preparation goes by what
    it finds here, and nothing refers to that until it is done.
    """
    kept = {str(Path(each)) for each in environments}
    kept |= {str(places.release(each)) for each in releases}
    kept |= _linked(kept)
    left = [each for each in _folders() if str(each) not in kept]
    used = in_use() if left else set()
    used |= _linked(used)
    taken = [each for each in left if str(each) not in used]
    for folder in taken:
        _remove(folder)
    if taken:
        log.info("removed what nothing refers to: %s", ", ".join(each.name for each in taken))
    return Collected([each.name for each in taken], [e.name for e in left if str(e) in used])


def _linked(folders: set[str]) -> set[str]:
    """The environments that these releases refer to."""
    found = (node.linked(Path(each)) for each in folders)
    return {str(each) for each in found if each is not None}


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


def _folders() -> list[Path]:
    """Of all releases and environments that were made."""
    found = []
    for root in (places.releases(), places.environments()):
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        found += [root / name for name in names if not name.endswith(places.HALF_MADE)]
    return found


def _remove(folder: Path) -> None:
    places.discard(folder)
    if folder.parent == places.releases():
        archive.remove(folder)  # its index
