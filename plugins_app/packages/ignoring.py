"""Which files of a folder go into its package: all but what running and building made, and what `.agentxignore` names."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Final

from plugins_app.errors import InvalidPackage
from plugins_app.packages.contents import NOT_PART
from plugins_app.packages.entries import MAX_FILES, refused

IGNORE_FILE: Final = ".agentxignore"
ALWAYS: Final = ("*.pyc", "*.agentx.tar.gz", "*.agentx.tar.gz.sig", ".DS_Store", "/.env", "*.pem")


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each, in the order of their names. Raises `InvalidPackage` for a link or a device."""
    patterns = [*ALWAYS, f"/{IGNORE_FILE}", *_patterns(folder)]
    # One more than may be there tells as much as all of them.
    below = islice(_below(folder, folder, patterns), MAX_FILES + 1)
    return iter(sorted((path.relative_to(folder).as_posix(), path) for path in below))


def is_ignored(name: str, *, is_folder: bool, patterns: list[str]) -> bool:
    """Like .gitignore, without `!`: `*.log` anywhere, `/build` at the top, `data/` folders only, `docs/*.png` a path."""
    return any(_matches(name, is_folder, pattern) for pattern in patterns)


def _matches(name: str, is_folder: bool, pattern: str) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    bare = pattern.strip("/")
    if "/" in pattern.rstrip("/"):  # anchored
        return fnmatchcase(name, bare)
    return fnmatchcase(name.rpartition("/")[2], bare)


def _patterns(folder: Path) -> list[str]:
    try:
        lines = (folder / IGNORE_FILE).read_text().splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise InvalidPackage(f"{IGNORE_FILE} cannot be read: {error}") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _below(top: Path, folder: Path, patterns: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        name = path.relative_to(top).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if path.name in NOT_PART or is_ignored(name, is_folder=is_folder, patterns=patterns):
            continue
        if path.is_symlink():
            raise refused(name, "is a link: a package holds files and folders only")
        if is_folder:
            yield from _below(top, path, patterns)
        elif path.is_file():
            yield path
        else:
            raise refused(name, "is a device or a pipe: no package holds those")
