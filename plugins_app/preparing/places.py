"""Where releases and environments lie on a node. Whatever is half made ends in `.tmp`."""

import shutil
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings

HALF_MADE: Final = ".tmp"


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


def sweep() -> None:
    """Remove what a preparation left that was killed in the middle. Only while none is at work."""
    for folder in (releases(), environments()):
        for path in folder.glob(f"*{HALF_MADE}"):
            remove(path)


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
