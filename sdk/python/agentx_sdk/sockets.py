"""Where a socket may lie that no supervisor made a folder for."""

import tempfile
from pathlib import Path

LONGEST = 50  # bytes of a folder's path: the kernel takes 107 of a socket's
SHORT = "/tmp"  # noqa: S108 - the folder made in it is private


def folder(prefix: str) -> str:
    """A new folder of mode 0700, in the usual place for temporary files unless its path is too long."""
    usual = tempfile.gettempdir()
    is_long = len(usual.encode()) > LONGEST and Path(SHORT).is_dir()
    return tempfile.mkdtemp(prefix=prefix, dir=SHORT if is_long else usual)
