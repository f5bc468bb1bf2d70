"""The environment of a Python plugin: its requirements locked with hashes, installed as wheels, and our SDK."""

import asyncio
import compileall
import hashlib
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from packaging.requirements import InvalidRequirement, Requirement

from plugins_app.errors import PreparationFailed, PreparationRefused
from plugins_app.packages import contents
from plugins_app.preparing import places
from plugins_app.preparing.installer import Installer

UV: Final = (sys.executable, "-m", "uv")
OUR_SDK: Final = "agentx-sdk"
COMPILE: Final = "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2, workers=0)"
MAX_BYTES: Final = 1 << 20
HASH: Final = "--hash="
_HASHES: Final = re.compile(r"\s+--hash=")
_HASH_VALUE: Final = re.compile(r"\s*[a-z0-9]+:[0-9a-f]+\s*")
_NAME: Final = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
Agree = Callable[[str], Awaitable[str]]
Tell = Callable[[int], None]


def requirements(folder: Path, name: str) -> str:
    """What a plugin asks for beyond the SDK; empty: nothing, so AgentX's own libraries do."""
    path = folder / name
    if not name or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        if name:
            raise PreparationFailed(f"Its requirements file {name} is not in its folder.")
        return ""
    if path.stat().st_size > MAX_BYTES:
        raise PreparationFailed(f"Its requirements file {name} is larger than {MAX_BYTES} bytes.")
    blocks = _blocks(path.read_text(errors="replace"))
    return "\n".join(block for block in blocks if _name(block) != OUR_SDK)


def _blocks(text: str) -> list[str]:
    """Its logical lines: one requirement with its hashes each. Comments and empty lines are left out."""
    joined = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE)
    found = re.split(r"(?<!\\)\n", joined)
    return [block.strip() for block in found if block.strip(" \t\\\n")]


def _name(block: str) -> str:
    found = _NAME.match(block)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def require_names(wanted: str) -> None:
    """Nothing but names, versions and hashes, of plugins whose code may not run here yet.

    An option can read files of this machine (`-r`), tell them to an index of its own, and `${}` reads variables; an
    address asks whoever only this machine reaches. Raises `PreparationFailed`.
    """
    for block in _blocks(wanted):
        line = re.sub(r"\\\n", " ", block)
        told, *hashes = _HASHES.split(line)
        try:
            is_plain = line.isprintable() and "$" not in line and not Requirement(told).url
        except InvalidRequirement:
            is_plain = False
        if not is_plain or not all(map(_HASH_VALUE.fullmatch, hashes)):
            shown = f"Its requirements say {line[:80]!r}: only trusted plugins may name more than packages of the index."
            raise PreparationRefused(shown)


async def environment(
    wanted: str, lock: str, *, builds: bool, agree: Agree, installer: Installer, tell: Tell
) -> tuple[Path, str]:
    """The folder that holds it, and the lock it was made from. Made once for all releases with this lock.

    `lock`: as an earlier node resolved it; empty: resolve it now, and `agree` says which one holds if two did at once.
    """
    flags = [] if builds else ["--only-binary", ":all:"]
    if not builds:
        require_names(wanted)
    if not lock:
        lock = await agree(await _lock(wanted, flags, installer))
    tell(35)
    key = _key(lock)
    final = places.environments() / key
    if final.is_dir():
        installer.say("An environment with this lock is there already.")
        return final, lock
    made = places.draft(key)
    try:
        await _make(made, lock, flags, installer)
        places.settle(made, final)
    finally:
        if made.is_dir():
            await asyncio.to_thread(places.remove, made)
    return final, lock


async def _lock(wanted: str, flags: list[str], installer: Installer) -> str:
    """Every requirement and what it needs, pinned with hashes. What its author locked stays as it is."""
    given, ours = installer.home / "requirements.in", installer.home / "sdk.in"
    given.write_text(wanted + "\n")
    ours.write_text("\n".join(_sdk_needs()) + "\n")
    if HASH not in wanted:
        return await _compiled([str(given), str(ours)], flags, installer)
    # Theirs has hashes: it is installed to the letter, and only what our SDK needs beyond it is looked up.
    more = await _compiled([str(ours), "--constraint", str(given)], flags, installer)
    named = {_name(block) for block in _blocks(wanted)}
    added = [block for block in _blocks(more) if _name(block) not in named]
    return "\n".join([wanted, *added]) + "\n"


async def _compiled(inputs: list[str], flags: list[str], installer: Installer) -> str:
    installer.say("Locking its requirements.")
    out = installer.home / "locked.txt"
    out.unlink(missing_ok=True)
    kept = ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    await _uv("pip", "compile", *inputs, "--output-file", str(out), *kept, *flags,
              "--python", sys.executable, installer=installer)  # fmt: skip
    return out.read_text()


async def _make(made: Path, lock: str, flags: list[str], installer: Installer) -> None:
    installer.say("Making its environment.")
    locked = made / "requirements.lock"
    locked.write_text(lock)
    await _uv("venv", str(made), "--allow-existing", "--relocatable", "--no-project",
              "--python", sys.executable, "--quiet", installer=installer)  # fmt: skip
    # Copied, not linked: who changes a file of one environment must not change it in all others.
    await _uv("pip", "sync", str(locked), "--python", str(made / "bin" / "python"),
              "--require-hashes", "--link-mode", "copy", *flags, installer=installer)  # fmt: skip
    # Not by uv, which starts the new environment's Python for it, and with it whatever .pth files were installed.
    await installer.run(sys.executable, "-I", "-S", "-c", COMPILE, str(made / "lib"), cwd=made)
    await asyncio.to_thread(_put_sdk, made)


async def _uv(*argv: str, installer: Installer) -> None:
    await installer.run(*UV, *argv, cwd=installer.home, UV_CACHE_DIR=str(places.cache("uv")))


def _put_sdk(made: Path) -> None:
    """As it came with this AgentX: a plain copy, compiled now, because a plugin may not write where it lies."""
    (site,) = (made / "lib").glob("python*/site-packages")
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_sdk() / "agentx_sdk", site / "agentx_sdk", ignore=without)
    compileall.compile_dir(site / "agentx_sdk", quiet=2, stripdir=made)
    told = site / f"agentx_sdk-{_project()['version']}.dist-info"
    told.mkdir()
    told.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {OUR_SDK}\nVersion: {_project()['version']}\n"
    )


def _key(lock: str) -> str:
    """Same lock, same Python, same SDK: same environment."""
    facts = (platform.python_implementation(), platform.python_version(), platform.machine())
    parts: Iterable[str] = (*facts, sys.executable, contents.digest_of(_sdk() / "agentx_sdk"), lock)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _sdk() -> Path:
    folder: Path = settings.BASE_DIR / "sdk" / "python"
    return folder


def _sdk_needs() -> list[str]:
    needs: list[str] = _project()["dependencies"]
    return needs


@cache
def _project() -> dict[str, Any]:
    """What the SDK says of itself."""
    told: dict[str, Any] = tomllib.loads((_sdk() / "pyproject.toml").read_text())["project"]
    return told
