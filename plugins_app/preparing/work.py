"""One preparation from the packed bytes to a folder that can be run, telling how far it is."""

import asyncio
import errno
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from plugins_app import manifest as manifests
from plugins_app.errors import ChangedFiles, InvalidManifest, InvalidPackage, PreparationFailed
from plugins_app.manifest import INTERPRETERS, PYTHON, Manifest
from plugins_app.packages import archive, contents
from plugins_app.preparing import node, places, python
from plugins_app.preparing.installer import Installer
from plugins_app.preparing.python import Agree
from registry.models import Trust

UNPACKING: Final = "unpacking"
ENVIRONMENT: Final = "environment"
CHECKING: Final = "checking"
BUILDS: Final = frozenset(
    {Trust.TRUSTED, Trust.INTERNAL}
)  # whose code may run while it is installed
Tell = Callable[[str, int, list[str]], None]  # state, percent, the installer's last lines


@dataclass(frozen=True, slots=True)
class Order:
    """What to prepare. `digest` is of its contents; `lock` as an earlier node resolved it, or empty."""

    release_id: UUID
    manifest: dict[str, Any]
    digest: str
    trust: str
    lock: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """`environment`: its folder; empty: AgentX's own libraries do."""

    path: Path
    environment: str


async def prepare(content: bytes, order: Order, agree: Agree, tell: Tell) -> Prepared:
    """Unpack a package and make its environment. Raises `PreparationFailed`; then only the cache is left of it.

    `agree` is asked which lock holds, once it is resolved. Cancelled, it ends what it runs.
    """
    try:
        manifest = manifests.parse(order.manifest)
        tell(UNPACKING, 5, [])
        folder = await asyncio.to_thread(_unpacked, content, order)
        with tempfile.TemporaryDirectory(dir=places.releases(), suffix=places.HALF_MADE) as home:
            environment = await _environment(manifest, folder, order, Path(home), agree, tell)
        tell(CHECKING, 95, [])
        await asyncio.to_thread(contents.check, folder, order.digest)
    except (InvalidPackage, InvalidManifest) as error:
        raise PreparationFailed(error.message) from None
    except ChangedFiles as error:
        raise PreparationFailed(f"What was unpacked is not what was installed: {error}") from None
    except OSError as error:
        raise PreparationFailed(_of_disk(error)) from None
    return Prepared(folder, environment)


def _unpacked(content: bytes, order: Order) -> Path:
    """An earlier attempt may have done it: then only what it left is checked."""
    folder = places.release(order.release_id)
    if folder.is_dir():
        try:
            contents.check(folder, order.digest)
        except ChangedFiles:
            archive.remove(folder)
        else:
            return folder
    archive.unpack(content, folder)
    return folder


async def _environment(
    manifest: Manifest, folder: Path, order: Order, home: Path, agree: Agree, tell: Tell
) -> str:
    progress = _Progress(tell)
    installer = Installer(home, progress.heard)
    progress.installer = installer
    if manifest.runtime.language in INTERPRETERS:
        progress.at(20)
        scripts = order.trust in BUILDS
        made = await node.environment(folder, scripts=scripts, installer=installer)
        node.link(folder, made)
        return str(made)
    wanted = python.requirements(folder, manifest.requirements)
    if not wanted:
        return ""
    if manifest.runtime.language != PYTHON:
        told = "It has requirements, but its runtime.language is not python."
        raise PreparationFailed(told)
    progress.at(15)
    made, _lock = await python.environment(
        wanted,
        order.lock,
        builds=order.trust in BUILDS,
        agree=agree,
        installer=installer,
        tell=progress.at,
    )
    return str(made)


class _Progress:
    """Percent from what installers say: uv names each file it fetches, npm each request."""

    MOST: Final = 90

    def __init__(self, tell: Tell) -> None:
        self.installer: Installer | None = None
        self._tell = tell
        self._percent = 15

    def at(self, percent: int) -> None:
        self._percent = max(self._percent, percent)
        self._now()

    def heard(self, line: str) -> None:
        if line.startswith(("Downloaded", "Prepared", "Installed", "Bytecode", "npm http fetch")):
            # Nobody knows how much is to come: each step takes a part of what is left.
            self._percent += (self.MOST - self._percent) // 8
        self._now()

    def _now(self) -> None:
        lines = list(self.installer.lines) if self.installer else []
        self._tell(ENVIRONMENT, self._percent, lines)


def _of_disk(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full."
    return f"Its folders cannot be written: {error.strerror or error}."
