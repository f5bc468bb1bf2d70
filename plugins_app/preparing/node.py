"""The environment of a Node plugin: `npm ci` from its lock, and our SDK beside it."""

import asyncio
import hashlib
import json
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from plugins_app.errors import PreparationFailed, PreparationRefused
from plugins_app.packages import contents
from plugins_app.preparing import places
from plugins_app.preparing.installer import Installer

OUR_SDK: Final = "@agentx/sdk"
MANIFEST: Final = "package.json"
LOCK: Final = "package-lock.json"
MODULES: Final = "node_modules"
QUIET: Final = ("--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=http")
# A version, a range, a tag, or another name of a package; no address.
SPEC: Final = re.compile(r"(npm:(@[\w.-]+/)?[\w.-]+@)?[\w.^~<>=*|+ -]*|\$(@[\w.-]+/)?[\w.-]+")
NEEDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")


async def environment(folder: Path, *, scripts: bool, installer: Installer) -> Path:
    """The folder that holds `node_modules`. Made once for all releases with this lock.

    `scripts`: what packages want to run while they are installed may run.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise PreparationFailed("Node and npm are not on this machine: install Node 20 or newer.")
    manifest, lock = _without_sdk(folder)
    if lock and not scripts:
        require_registry(json.loads(manifest), json.loads(lock))
    key = _key(manifest, lock, scripts)
    final = places.environments() / key
    if final.is_dir():
        installer.say("An environment with this lock is there already.")
        return final
    made = places.draft(key)
    try:
        await _make(made, manifest, lock, scripts=scripts, installer=installer)
        places.settle(made, final)
    finally:
        if made.is_dir():
            await asyncio.to_thread(places.remove, made)
    return final


def require_registry(manifest: dict[str, Any], lock: dict[str, Any]) -> None:
    """Nothing but files of registries, each with its hash, of plugins whose code may not run here yet.

    Git runs programs, folders are this machine's, and plain http asks whoever only this machine reaches. What is
    asked for is looked at too: npm fetches it anew where a lock does not fit. Raises `PreparationFailed`.
    """
    if lock.get("lockfileVersion") not in (2, 3):
        raise PreparationFailed(f"Its {LOCK} is of an npm before 7: run `npm install` anew.")
    for path, facts in lock["packages"].items():
        for spec in _specs(facts):
            _require(bool(SPEC.fullmatch(spec)), path, spec)
        if path and not facts.get("inBundle"):
            resolved = str(facts.get("resolved", ""))
            is_there = resolved.startswith("https://") or not resolved
            _require(is_there and not facts.get("link"), path, resolved)
            _require(bool(facts.get("integrity")), path, "nowhere, for it has no hash")
    for spec in [*_specs(manifest), *_texts(manifest.get("overrides", {}))]:
        _require(bool(SPEC.fullmatch(spec)), MANIFEST, spec)
    _require(not manifest.get("workspaces"), MANIFEST, "workspaces")


def _require(holds: bool, path: str, source: str) -> None:
    if not holds:
        told = f"{path[:80] or LOCK} takes something from {source[:80]!r}: only trusted plugins may name more than packages of the registry, with their hashes."
        raise PreparationRefused(told)


def _specs(facts: dict[str, Any]) -> list[str]:
    return [spec for kind in NEEDS[:2] for spec in _texts(facts.get(kind, {}))]


def _texts(found: Any) -> list[str]:
    """All that is said in an object, however deep."""
    if isinstance(found, dict):
        return [text for each in found.values() for text in _texts(each)]
    return [str(found)]


def link(folder: Path, environment: Path) -> None:
    """Node looks for modules beside the file that imports them."""
    modules = folder / MODULES
    if modules.is_symlink():
        modules.unlink()
    modules.symlink_to(environment / MODULES, target_is_directory=True)


def linked(folder: Path) -> Path | None:
    """The environment that an unpacked release refers to."""
    modules = folder / MODULES
    return modules.readlink().parent if modules.is_symlink() else None


async def _make(
    made: Path, manifest: str, lock: str, *, scripts: bool, installer: Installer
) -> None:
    if lock:
        made.joinpath(MANIFEST).write_text(manifest)
        made.joinpath(LOCK).write_text(lock)
        await _ci(made, scripts=scripts, installer=installer)
    sdk = made / MODULES / OUR_SDK
    await asyncio.to_thread(_put_sdk, sdk)
    if (sdk / LOCK).is_file():
        await _ci(sdk, scripts=False, installer=installer)


async def _ci(folder: Path, *, scripts: bool, installer: Installer) -> None:
    allowed = () if scripts else ("--ignore-scripts",)
    installer.say(f"npm ci in {'the SDK' if folder.name == 'sdk' else 'its environment'}")
    npm = shutil.which("npm") or "npm"
    own = {"npm_config_cache": str(places.cache("npm")), "npm_config_userconfig": _account()}
    await installer.run(npm, "ci", *QUIET, *allowed, cwd=folder, **own)


def _account() -> str:
    """The account's own registry and credentials, although its home is not passed on."""
    return str(Path.home() / ".npmrc")


def _put_sdk(into: Path) -> None:
    without = shutil.ignore_patterns(MODULES, "test", "tests")
    into.parent.mkdir(parents=True, exist_ok=True)
    if into.is_symlink() or into.exists():
        places.remove(into)
    shutil.copytree(_sdk(), into, ignore=without)


def _without_sdk(folder: Path) -> tuple[str, str]:
    """Its package.json and lock without our SDK, which is in no index. Raises where there is no lock but needs."""
    manifest = _read(folder / MANIFEST)
    lock = _read(folder / LOCK)
    for kind in NEEDS:
        _drop(manifest, kind)
    manifest.pop("devDependencies", None)
    needs = [name for kind in NEEDS for name in manifest.get(kind, {})]
    if not lock:
        if needs:
            told = f"{MANIFEST} asks for {needs[0]}, and there is no {LOCK}: run `npm install`, then build it again."
            raise PreparationFailed(told)
        return "", ""
    if not needs:
        return "", ""
    packages = lock.get("packages", {})
    for kind in (*NEEDS, "devDependencies"):
        _drop(packages.get("", {}), kind)
    packages.get("", {}).pop("devDependencies", None)
    lock["packages"] = {
        path: facts
        for path, facts in packages.items()
        if not _is_ours(path, facts) and not facts.get("dev")
    }
    return json.dumps(manifest, sort_keys=True), json.dumps(lock, sort_keys=True)


def _is_ours(path: str, facts: dict[str, Any]) -> bool:
    """The SDK itself, what lies below it, and the folder that it was linked to while the plugin was written."""
    within = f"{MODULES}/{OUR_SDK}"
    return path == within or path.startswith(f"{within}/") or facts.get("name") == OUR_SDK


def _drop(facts: dict[str, Any], kind: str) -> None:
    if isinstance(facts.get(kind), dict):
        facts[kind].pop(OUR_SDK, None)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text())
    except ValueError:
        raise PreparationFailed(f"Its {path.name} is not JSON.") from None
    if not isinstance(value, dict):
        raise PreparationFailed(f"Its {path.name} holds no object.")
    return value


def _key(manifest: str, lock: str, scripts: bool) -> str:
    """Same lock, same Node, same SDK: same environment."""
    facts = (_node_version(), platform.machine(), str(scripts), contents.digest_of(_sdk()))
    parts: Iterable[str] = (*facts, manifest, lock)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def _node_version() -> str:
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30)  # noqa: S607 - the node of this machine
    return told.stdout.strip()


def _sdk() -> Path:
    folder: Path = settings.BASE_DIR / "sdk" / "node"
    return folder
