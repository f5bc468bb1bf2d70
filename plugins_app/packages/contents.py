"""What lies in a plugin's folder, as one sha256."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

NOT_PART: Final = {"__pycache__", ".venv", "node_modules", ".git", ".pytest_cache"}


def digest_of(folder: Path) -> str:
    """sha256 over the names and contents of a plugin's files; what it makes while running is left out."""
    total = hashlib.sha256()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_PART:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path
