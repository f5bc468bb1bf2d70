"""Packages: a plugin's folder as one `.tar.gz` that is the same whenever it is built. Opened without trust."""

import gzip
import hashlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, cast

from plugins_app import manifest as manifests
from plugins_app.errors import InvalidPackage
from plugins_app.manifest import Manifest
from plugins_app.packages import ignoring
from plugins_app.packages.contents import (
    Entry,
    digest_of_entries,
    entry_of,
    index_of,
    index_path,
)
from plugins_app.packages.entries import MAX_FILES, Names, refused
from plugins_app.packages.runnable import require_runnable

MAX_PACKED_BYTES: Final = 64 << 20
MAX_UNPACKED_BYTES: Final = 512 << 20
MAX_README_BYTES: Final = 64 << 10
SUFFIX: Final = ".agentx.tar.gz"
READMES: Final = ("README.md", "README.txt", "README")
CHUNK: Final = 1 << 20
FILE_MODES: Final = {True: 0o555, False: 0o444}


@dataclass(frozen=True, slots=True)
class Built:
    """A package in memory."""

    name: str
    version: str
    manifest: dict[str, Any]
    content: bytes
    sha256: str  # of the packed file
    contents: str  # `contents.digest_of` of the folder that it unpacks to

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a package holds, everything checked and nothing written."""

    manifest: Manifest
    raw: dict[str, Any]
    sha256: str
    contents: str
    size: int  # bytes when unpacked
    readme: str
    entries: tuple[Entry, ...] = field(repr=False)


def build(folder: Path) -> Built:
    """Pack the plugin that lies in a folder. Raises `InvalidManifest`, and `InvalidPackage` naming the file."""
    manifest_text = manifests.read(folder)
    manifests.parse(manifest_text)
    packed = io.BytesIO()
    # Nothing of this machine, moment or user gets in: the same folder makes the same bytes.
    with (
        gzip.GzipFile("", "wb", 9, packed, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        total = 0
        for number, (name, path) in enumerate(ignoring.files(folder)):
            total += path.stat().st_size
            if number >= MAX_FILES or total > MAX_UNPACKED_BYTES:
                raise InvalidPackage(_too_large())
            _add(tar, name, path)
    return built(packed.getvalue())


def contents_of(folder: Path) -> str:
    """What `build` would call its contents, without packing anything. Raises `InvalidPackage`."""
    found = ignoring.files(folder)
    return digest_of_entries(entry_of(name, path) for name, path in found)


def built(content: bytes) -> Built:
    """A package that was built earlier, looked at again. Raises `InvalidPackage`, `InvalidManifest`."""
    found = opened(content)
    return Built(
        name=found.manifest.name,
        version=found.manifest.version,
        manifest=found.raw,
        content=content,
        sha256=found.sha256,
        contents=found.contents,
    )


def opened(content: bytes) -> Opened:
    """Check everything about a package, write nothing. Raises `InvalidPackage`, `InvalidManifest`."""
    entries, kept, size = [], {}, 0
    for name, executable, file in _members(content):
        wanted = name == manifests.FILE_NAME or name in READMES
        sha256, count, text = _read(file, manifests.MAX_BYTES + 1 if wanted else 0)
        entries.append(Entry(name, executable, sha256))
        size += count
        if wanted:
            kept[name] = text
    raw = _manifest(kept, entries)
    manifest = manifests.parse(raw)
    require_runnable(manifest, {entry.name: entry.executable for entry in entries})
    return Opened(
        manifest=manifest,
        raw=raw,
        sha256=hashlib.sha256(content).hexdigest(),
        contents=digest_of_entries(entries),
        size=size,
        readme=_readme(kept),
        entries=tuple(sorted(entries)),
    )


def unpack(content: bytes, into: Path) -> None:
    """Write a package's files, read-only, and its index beside them: whole or not at all. Raises `InvalidPackage`.

    Every check of `opened` is made again: what is written is what was looked at.
    """
    draft = into.with_name(f"{into.name}.tmp")
    remove(draft)
    draft.mkdir(parents=True, mode=0o700)
    entries = [_written(draft, *member) for member in _members(content)]
    for folder, _folders, _files in os.walk(draft):
        Path(folder).chmod(0o755)
    index_path(into).write_bytes(index_of(entries))
    remove(into, keep_index=True)
    draft.rename(into)


def remove(folder: Path, *, keep_index: bool = False) -> None:
    """Take away an unpacked release, as far as it is there."""
    if not keep_index:
        index_path(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _written(folder: Path, name: str, executable: bool, file: IO[bytes]) -> Entry:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    total = hashlib.sha256()
    with os.fdopen(os.open(path, flags, 0o600), "wb") as written:
        while chunk := file.read(CHUNK):
            total.update(chunk)
            written.write(chunk)
        os.fchmod(written.fileno(), FILE_MODES[executable])
    return Entry(name, executable, total.hexdigest())


def _members(content: bytes) -> Iterator[tuple[str, bool, IO[bytes]]]:
    """Each file's name, x-bit and content, in order; refuses at the first thing that is wrong."""
    if len(content) > MAX_PACKED_BYTES:
        raise InvalidPackage(_too_large())
    names, total = Names(), 0
    with _tar(content) as tar:
        for member in tar:
            total += member.size
            if total > MAX_UNPACKED_BYTES:
                raise InvalidPackage(_too_large())
            name = names.checked(member)
            if name is None:
                continue  # a folder: files make their own
            file = tar.extractfile(member)
            assert file is not None
            yield name, bool(member.mode & stat.S_IXUSR), file


@contextmanager
def _tar(content: bytes) -> Iterator[tarfile.TarFile]:
    try:
        with (
            gzip.GzipFile(fileobj=io.BytesIO(content)) as zipped,
            tarfile.open(mode="r|", fileobj=cast("IO[bytes]", _Bounded(zipped))) as tar,
        ):
            yield tar
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, OSError) as error:
        raise InvalidPackage(f"This is no package: {error}.") from None
    except (ValueError, OverflowError, RecursionError, MemoryError, UnicodeError):
        raise InvalidPackage("This is no package: its archive is damaged.") from None


class _Bounded:
    """Counts what comes out of the compression, headers too: a bomb ends the reading, not the process."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        # Each file has a header of 512 bytes, padding, and perhaps a long name.
        self._left = MAX_UNPACKED_BYTES + MAX_FILES * 4096

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(CHUNK if size < 0 else size)
        self._left -= len(chunk)
        if self._left < 0:
            raise InvalidPackage(_too_large())
        return chunk


def _read(file: IO[bytes], keep: int) -> tuple[str, int, bytes]:
    """sha256 and length of what a file holds, and its first `keep` bytes."""
    total, count, kept = hashlib.sha256(), 0, b""
    while chunk := file.read(CHUNK):
        total.update(chunk)
        count += len(chunk)
        kept += chunk[: keep - len(kept)]
    return total.hexdigest(), count, kept


def _manifest(kept: dict[str, bytes], entries: list[Entry]) -> dict[str, Any]:
    if manifests.FILE_NAME in kept:
        return manifests.load(kept[manifests.FILE_NAME])
    nested = next((e.name for e in entries if e.name.endswith(f"/{manifests.FILE_NAME}")), None)
    if nested is None:
        raise InvalidPackage(f"The package holds no {manifests.FILE_NAME}.")
    raise refused(nested, "must be at the top of the package, not in a folder")


def _readme(kept: dict[str, bytes]) -> str:
    text = next((kept[name] for name in READMES if name in kept), b"")
    return text[:MAX_README_BYTES].decode(errors="replace").replace("\0", "")


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    told = tarfile.TarInfo(name)
    content = path.read_bytes()
    told.size = len(content)
    told.mode = 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
    tar.addfile(told, io.BytesIO(content))


def _too_large() -> str:
    return (
        f"The package is too large: at most {MAX_PACKED_BYTES >> 20} MiB packed, "
        f"{MAX_UNPACKED_BYTES >> 20} MiB and {MAX_FILES} files unpacked."
    )
