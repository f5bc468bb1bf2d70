"""The names in a package: which may be there. What a name could do to the folder it is unpacked into ends here."""

import re
import tarfile
import unicodedata
from typing import Final

from plugins_app.errors import InvalidPackage
from plugins_app.packages.contents import NOT_PART

MAX_FILES: Final = 20_000
MAX_NAME_BYTES: Final = 512
MAX_PART_BYTES: Final = 200
MAX_DEPTH: Final = 32
_UNUSABLE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


class Names:
    """Every name of one package as it comes, so that two can be held against each other."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[str, str]] = {}  # folded: as written, file or folder
        self._count = 0

    def checked(self, member: tarfile.TarInfo) -> str | None:
        """The name of a file, None of a folder. Raises `InvalidPackage`."""
        self._count += 1
        if self._count > MAX_FILES:
            raise InvalidPackage(f"The package holds more than {MAX_FILES} files.")
        name = _plain(member.name)
        if not name and member.isdir():
            return None
        _require_kind(member)
        _require_name(name, member.name)
        parts = name.split("/")
        for depth in range(1, len(parts)):
            self._take("/".join(parts[:depth]), "folder", member.name)
        self._take(name, "folder" if member.isdir() else "file", member.name)
        return None if member.isdir() else name

    def _take(self, name: str, kind: str, told: str) -> None:
        """A folder may come again, spelled the same. On some machines `A` and `a` are one file."""
        folded = unicodedata.normalize("NFC", name).casefold()
        known = self._kinds.setdefault(folded, (name, "new"))
        if known == (name, "new") or known == (name, "folder") == (name, kind):
            self._kinds[folded] = (name, kind)
            return
        why = "is there twice" if known[0] == name else f"and {known[0]} differ only in case"
        raise refused(told, why)


def refused(name: str, why: str) -> InvalidPackage:
    shown = name.encode(errors="replace").decode(errors="replace")[:200]
    return InvalidPackage(f"{shown!r} in the package {why}.", fields={"package": why})


def _plain(name: str) -> str:
    """`./a` as some tar programs write `a`."""
    return name.removeprefix("./").rstrip("/") if name not in {".", "./"} else ""


def _require_kind(member: tarfile.TarInfo) -> None:
    if member.issym() or member.islnk():
        raise refused(member.name, "is a link: a package holds files and folders only")
    # Sparse files claim to be larger than what is packed of them.
    if member.isdir() or (member.isreg() and getattr(member, "sparse", None) is None):
        return
    raise refused(member.name, "is a device, a pipe or a file with holes: no package holds those")


def _require_name(name: str, told: str) -> None:
    parts = name.split("/")
    if told.startswith("/") or ".." in parts:
        raise refused(told, "leads out of the package's folder")
    if "" in parts or "." in parts or _UNUSABLE.search(name):
        raise refused(told, "is no name of a file")
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise refused(told, "is no name in UTF-8") from None
    if max(sizes) > MAX_PART_BYTES or sum(sizes) > MAX_NAME_BYTES or len(parts) > MAX_DEPTH:
        raise refused(told, "has too long a name")
    if unwanted := NOT_PART & set(parts):
        raise refused(told, f"is no part of a plugin: leave {min(unwanted)} out")
