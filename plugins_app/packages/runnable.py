"""Whether what a manifest names to be run lies in its package."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from plugins_app.errors import InvalidManifest
from plugins_app.manifest import Manifest

TRUSTED: Final = "internal"


def require_runnable(manifest: Manifest, files: Mapping[str, bool], trust: str = "") -> None:
    """`files`: each name in the package and whether it may be run. `trust`: what it has; else what it claims.

    Raises `InvalidManifest` naming the field.
    """
    runtime = manifest.runtime
    if runtime.executable:
        _require_executable(runtime.executable, trust or manifest.trust, files)
    if runtime.entrypoint:
        _require_file("runtime.entrypoint", runtime.entrypoint, files)
    if manifest.requirements:
        _require_file("requirements", manifest.requirements, files)


def _require_executable(name: str, trust: str, files: Mapping[str, bool]) -> None:
    """A bare name is looked up in PATH; a path lies in the package, or is a program of the machine for plugins that
    are AgentX's own.
    """
    if PurePosixPath(name).is_absolute() and trust == TRUSTED:
        return
    if "/" not in name and name not in files:
        return
    plain = _require_file("runtime.executable", name, files)
    if not files[plain]:
        raise _wrong("runtime.executable", f"{name} may not be run: it lacks its x-bit")


def _require_file(field: str, name: str, files: Mapping[str, bool]) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise _wrong(field, f"{name} lies outside of the package")
    if path.as_posix() not in files:
        raise _wrong(field, f"{name} is not in the package")
    return path.as_posix()


def _wrong(field: str, why: str) -> InvalidManifest:
    return InvalidManifest(f"plugin.yaml: {field}: {why}", fields={field: why})
