"""What lies in a plugin's folder: an index of it, whose sha256 stands for all of it."""

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from plugins_app.errors import ChangedFiles

# What is made in a folder by running, building or versioning it. No package may hold any of it.
NOT_PART: Final = frozenset(
    {"__pycache__", ".venv", "node_modules", ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
    | {".hypothesis"}  # what tests found
    | {".agentx"}  # what the author's commands put there
)
# Of an unpacked release, only this may be there beside what was packed: `npm ci` makes it.
MADE_BY_PREPARING: Final = frozenset({"node_modules"})
SETTLED_SECONDS: Final = 2.0  # a file that changed this short ago could change again unnoticed
NAMED: Final = 5  # changed files that a refusal names
MAX_CACHED: Final = 200_000  # files, of releases that may be long gone


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One file: its name below the folder, whether it may be run, the sha256 of its content."""

    name: str
    executable: bool
    sha256: str

    def line(self) -> str:
        return f"{self.name}\0{'x' if self.executable else '-'}\0{self.sha256}\n"


def digest_of(folder: Path) -> str:
    """sha256 over the names, x-bits and contents of a plugin's files; what it makes while running is left out."""
    return digest_of_entries(_entries(folder, NOT_PART, None))


def entry_of(name: str, path: Path) -> Entry:
    """Of one file that is there."""
    found = path.stat()
    return Entry(name, bool(found.st_mode & stat.S_IXUSR), _sha256(str(path), found, None))


def digest_of_entries(entries: Iterable[Entry]) -> str:
    return hashlib.sha256(index_of(entries)).hexdigest()


def index_of(entries: Iterable[Entry]) -> bytes:
    """What the digest is of. Kept beside an unpacked release, so that a changed file can be named."""
    lines = [entry.line() for entry in sorted(entries, key=attrgetter("name"))]
    return "".join(lines).encode(errors="surrogateescape")


def index_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.index")


def check(folder: Path, digest: str, cache: dict[str, Any] | None = None) -> None:
    """Raise `ChangedFiles` unless the folder holds exactly what was installed.

    `cache` (in memory, of the caller) spares files that have the size, times and inode they had when they were last
    read: only the kernel sets a file's ctime. A folder with an index beside it was unpacked by us: there, nothing but
    `node_modules` may have been added, not even compiled Python.
    """
    index = _known_index(folder, digest)
    left_out = NOT_PART if index is None else MADE_BY_PREPARING
    try:
        found = list(_entries(folder, left_out, cache))
    except OSError as error:
        raise ChangedFiles((Path(str(error.filename or folder)).name,)) from None
    if digest_of_entries(found) != digest:
        raise ChangedFiles(tuple(_differences(found, index))[:NAMED])


def _known_index(folder: Path, digest: str) -> dict[str, str] | None:
    """The index as `unpack` left it, by name; None when there is none. One that was tampered with is empty."""
    try:
        content = index_path(folder).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != digest:
        return {}
    lines = content.decode(errors="surrogateescape").split("\n")[:-1]
    return {line.partition("\0")[0]: f"{line}\n" for line in lines}


def _differences(found: list[Entry], index: dict[str, str] | None) -> Iterator[str]:
    now = {entry.name: entry.line() for entry in found}
    if not index:
        return
    yield from sorted(n for n in now.keys() | index.keys() if now.get(n) != index.get(n))


def _entries(
    folder: Path, left_out: frozenset[str], cache: dict[str, Any] | None
) -> Iterator[Entry]:
    for name, found in _files(str(folder), "", left_out):
        if found.is_symlink() and found.is_dir():
            yield Entry(name, False, f"link {Path(found.path).readlink()}")
            continue
        kept = found.stat()
        if stat.S_ISREG(kept.st_mode):
            runs = bool(kept.st_mode & stat.S_IXUSR)
            yield Entry(name, runs, _sha256(found.path, kept, cache))


def _files(
    folder: str, above: str, left_out: frozenset[str]
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Each file's name below the top, and what the folder says of it. `os.scandir`: a tenth of pathlib's time."""
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if entry.name in left_out:
            continue
        name = f"{above}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, f"{name}/", left_out)
        else:
            yield name, entry


def _sha256(path: str, found: os.stat_result, cache: dict[str, Any] | None) -> str:
    seen = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    held = cache.get(path) if cache is not None else None
    if held is not None and held[0] == seen:
        return str(held[1])
    began = time.time()
    with open(path, "rb") as file:  # noqa: PTH123 - a path of os.scandir, thousands of them
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if cache is not None and began - found.st_ctime > SETTLED_SECONDS:
        if len(cache) >= MAX_CACHED:
            cache.clear()
        cache[path] = (seen, sha256)
    return sha256
