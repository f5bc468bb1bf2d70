"""Where releases and environments lie on a node. Whatever is half made ends in `.tmp`."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings

HALF_MADE: Final = ".tmp"
WAIT_SECONDS: Final = 0.1


def releases() -> Path:
    return _private(settings.AGENTX_HOME / "releases")


def environments() -> Path:
    return _private(settings.AGENTX_HOME / "environments")


def cache(tool: str) -> Path:
    """What an installer fetched, kept so that the next environment is made without the network."""
    return _private(_private(settings.AGENTX_HOME / "cache") / tool)


def release(release_id: UUID | str) -> Path:
    return releases() / str(release_id)


def draft(key: str) -> Path:
    """A new folder to make something in, which is then renamed to what it is. Two may be made at once."""
    path = environments() / f"{key}.{uuid4().hex[:8]}{HALF_MADE}"
    path.mkdir(mode=0o700)
    return path


def settle(made: Path, final: Path) -> None:
    """From half made to made, in one step. Who comes second throws theirs away: both are the same."""
    try:
        made.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        remove(made)


@asynccontextmanager
async def reserved() -> AsyncIterator[None]:
    """Nothing is collected meanwhile, by whatever process has these folders. Several may be in here at once.

    It is the kernel's lock: who is killed holds nothing.
    """
    descriptor = os.open(environments(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        while not _locked(descriptor, fcntl.LOCK_SH):  # noqa: ASYNC110 - another process's
            await asyncio.sleep(WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nothing is being prepared, and begins to be."""
    descriptor = os.open(environments(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _locked(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sweep() -> None:
    """Remove what was left by who was killed while preparing or removing. Does nothing while a preparation is at work."""
    with alone() as nobody_prepares:
        if nobody_prepares:
            for folder in (releases(), environments()):
                for path in folder.glob(f"*{HALF_MADE}"):
                    remove(path)


def discard(made: Path) -> None:
    """Remove what was whole. Nobody finds it in part, even if we are killed: its name goes first."""
    gone = made.with_name(f"{made.name}.{uuid4().hex[:8]}{HALF_MADE}")
    made.rename(gone)
    remove(gone)


def remove(path: Path) -> None:
    """Also what was made read-only."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder in (path, *(each for each in path.rglob("*") if each.is_dir())):
        if not folder.is_symlink():
            folder.chmod(0o700)
    shutil.rmtree(path)


def _private(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
