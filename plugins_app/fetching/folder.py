"""A registry that is a folder: `index.json` and the packages beside it. Any web server can serve it as it is."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from plugins_app.errors import InvalidRegistry
from plugins_app.packages import index
from plugins_app.packages.archive import MAX_PACKED_BYTES, Built
from plugins_app.packages.index import Entry

LOCK_NAME: Final = ".lock"


class FolderSource:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def index(self) -> bytes:
        return await asyncio.to_thread(_content, self._folder / index.FILE_NAME, index.MAX_BYTES)

    async def file(self, name: str) -> bytes:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise InvalidRegistry(f"Its index names a file outside of it: {name[:200]}.")
        return await asyncio.to_thread(_content, path, MAX_PACKED_BYTES)


def publish_to(folder: Path, built: Built, signature: str = "") -> Entry:
    """Put a package into a static folder and its index; a folder that is not there is made.

    Raises `InvalidRegistry` when that version is there with other content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        known = _entries(folder)
        new = index.entry_of(built, signature)
        same = [each for each in known if (each.name, each.version) == (new.name, new.version)]
        if any(each.sha256 != new.sha256 for each in same):
            told = f"{new.name} {new.version} is there with other content: raise its version."
            raise InvalidRegistry(told)
        _replace(folder / built.file_name, built.content)
        # The package first: an index never names what is not there.
        others = [each for each in known if each not in same]
        _replace(folder / index.FILE_NAME, index.write([*others, new]))
    return new


def _entries(folder: Path) -> list[Entry]:
    path = folder / index.FILE_NAME
    return index.read(_content(path, index.MAX_BYTES)) if path.exists() else []


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two who publish at once both end up in the index."""
    with (folder / LOCK_NAME).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _content(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InvalidRegistry(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > most:
        raise InvalidRegistry(f"{path} is larger than {most} bytes.")
    return content
