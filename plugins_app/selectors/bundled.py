"""Questions about the plugins that ship with AgentX, installed or not."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from plugins_app import manifest as manifests
from plugins_app.errors import InvalidManifest


@dataclass(frozen=True, slots=True)
class Bundled:
    """One folder under plugins/ that holds a sound plugin.yaml."""

    name: str
    version: str
    description: str
    folder: Path
    manifest: dict[str, Any]


def bundled() -> list[Bundled]:
    """By name. What cannot be read is left out: its start tells why."""
    found = sorted((settings.BASE_DIR / "plugins").glob("*/plugin.yaml"))
    read = [_read(path, path.stat().st_mtime_ns) for path in found]
    return sorted((each for each in read if each is not None), key=lambda each: each.name)


def bundled_named(name: str) -> Bundled | None:
    return next((each for each in bundled() if each.name == name), None)


@lru_cache(256)
def _read(path: Path, changed: int) -> Bundled | None:
    """Read again when the file changed."""
    try:
        raw = manifests.read(path.parent)
        manifest = manifests.parse(raw)
    except InvalidManifest:
        return None
    told = manifest.description
    return Bundled(manifest.name, manifest.version, told, path.parent, raw)
