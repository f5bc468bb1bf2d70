"""Which registries there are, and one way to ask any of them."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from plugins_app.errors import InvalidRegistry, PackageNotFound
from plugins_app.fetching.folder import FolderSource
from plugins_app.fetching.web import WebSource
from plugins_app.packages import index
from plugins_app.packages.index import Entry

SCHEMES: Final = ("http://", "https://")


class Source(Protocol):
    """Where a registry's files are."""

    async def index(self) -> bytes: ...

    async def file(self, name: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Registry:
    """One that an operator named in AGENTX_PLUGIN_REGISTRIES. `key`: goes to that address only, and is never shown."""

    name: str
    address: str  # a folder or an http(s) URL
    key: str = field(default="", repr=False)

    @property
    def source(self) -> Source:
        if self.address.startswith(SCHEMES):
            return WebSource(self.address, self.key)
        return FolderSource(Path(self.address))

    async def entries(self) -> list[Entry]:
        """Raises `InvalidRegistry` when it is away or holds no index."""
        try:
            return index.read(await self.source.index())
        except InvalidRegistry as error:
            raise InvalidRegistry(f"{self.name}: {error.message}") from None

    async def find(self, name: str, spec: str = "") -> Entry:
        """The version to take. Raises `PackageNotFound`, `InvalidRegistry`."""
        found = index.chosen(await self.entries(), name, spec)
        if found is None:
            told = _("The registry %(registry)s has no %(name)s that fits %(spec)r.")
            names = {"registry": self.name, "name": name[:100], "spec": spec[:100] or "any"}
            raise PackageNotFound(told % names)
        return found

    async def fetch(self, entry: Entry) -> bytes:
        """The package itself, which is what its index says. Raises `InvalidRegistry`."""
        content = await self.source.file(entry.file)
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if sha256 != entry.sha256:
            told = _("%(registry)s: %(file)s is not what its index says: its sha256 differs.")
            raise InvalidRegistry(told % {"registry": self.name, "file": entry.file[:200]})
        return content


def registries() -> list[Registry]:
    """In the order in which they are asked."""
    return [_registry(told) for told in settings.PLUGIN_REGISTRIES]


def registry_named(name: str) -> Registry:
    """By its name or its address. Raises `PackageNotFound`: only what an operator named is asked."""
    known = registries()
    for each in known:
        if name in (each.name, each.address):
            return each
    told = _("There is no registry %(name)r; AGENTX_PLUGIN_REGISTRIES names %(known)s.")
    names = ", ".join(each.name for each in known) or _("none")
    raise PackageNotFound(told % {"name": name[:200], "known": names})


def _registry(told: str) -> Registry:
    """`[NAME=]ADDRESS[ KEY]`."""
    place, _space, key = told.strip().partition(" ")
    name, equals, address = place.partition("=")
    if not equals or "/" in name or ":" in name:
        name, address = "", place
    return Registry(name or _short(address), address, key.strip())


def _short(address: str) -> str:
    if address.startswith(SCHEMES):
        return urlsplit(address).hostname or address
    return Path(address).name or address
