"""What to run for a plugin, from its manifest: program, environment, folders, limits."""

import logging
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from plugins_app import handshake
from plugins_app.errors import LaunchFailed
from plugins_app.manifest import INTERPRETERS, LOG_BYTES_PER_SECOND, PYTHON, Manifest
from plugins_app.process import places

log = logging.getLogger(__name__)
INHERITED: Final = ("PATH", "LANG", "LC_ALL", "TZ")
OPEN_FILES: Final = 4096
OF_A_PROGRAM: Final = ("bin", "lib", "lib64", "libexec", "conf", "include", "pyvenv.cfg")
OOM_SCORE: Final = 500
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a launch needs that stays the same from launch to launch."""

    plugin: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    work_dir: Path
    log_file: Path
    startup_timeout: float
    limits: dict[str, int]
    readable: tuple[str, ...] = ()  # what it must see of the file system beside the system itself
    log_bytes_per_second: int = LOG_BYTES_PER_SECOND


def recipe(
    manifest: Manifest,
    folder: Path,
    ordinal: int,
    environment: str = "",
    *,
    trusted: bool = True,
    code_folders: Iterable[str] = (),
) -> Recipe:
    """`environment`: the folder a node made for its requirements; empty: AgentX's own libraries.

    `code_folders`: those of own code that an admin lets it read.

    Only who is `trusted` gets what it names of AgentX's own variables: the operator allowed them by name, not to whom.
    Raises `LaunchFailed` when the program or a folder is not there.
    """
    work_dir = places.work_dir(manifest.name, ordinal)
    made = Path(environment) if environment else None
    argv = tuple(_argv(manifest, folder, made))
    return Recipe(
        plugin=manifest.name,
        argv=argv,
        environment=_environment(manifest, work_dir, made, trusted=trusted),
        work_dir=work_dir,
        log_file=places.log_file(manifest.name, ordinal),
        startup_timeout=manifest.runtime.startup_timeout,
        limits={"RLIMIT_CORE": 0, "RLIMIT_NOFILE": OPEN_FILES},
        readable=(*_readable(folder, made, argv[0]), *_as_allowed(code_folders)),
        log_bytes_per_second=manifest.logging.bytes_per_second,
    )


def _readable(folder: Path, made: Path | None, program: str) -> tuple[str, ...]:
    """Its release, its libraries, the SDKs, and where its interpreter lives."""
    libraries = (made,) if made else (Path(sys.prefix), Path(sys.base_prefix))
    found = (folder, *libraries, settings.BASE_DIR / "sdk", *_home_of(Path(program)))
    return tuple(dict.fromkeys(str(each) for each in found))


def _as_allowed(code_folders: Iterable[str]) -> Iterator[str]:
    """Those that still are the folders which somebody looked at: a link in their place could lead anywhere."""
    for folder in code_folders:
        if os.path.realpath(folder) == folder:
            yield folder
        else:
            log.warning("%s is left out: it is a link by now", folder)


def _home_of(program: Path) -> list[Path]:
    """An interpreter needs its library beside its `bin`; of a program alone no more than the file is shown.

    Never all that `bin` lies in: that may be somebody's home, or the `~/.local` of it.
    """
    homes = []
    for each in (program, program.resolve()):
        prefix = each.parent.parent
        is_installed = each.parent.name == "bin" and (prefix / "lib").is_dir()
        homes += [prefix / name for name in OF_A_PROGRAM] if is_installed else [each]
    return [home for home in homes if home.exists()]


def _argv(manifest: Manifest, folder: Path, made: Path | None) -> list[str]:
    runtime = manifest.runtime
    search = _search_path(made)
    if runtime.executable:
        program = [_executable(runtime.executable, folder, search)]
    elif runtime.language == PYTHON:
        program = _python(made)
    else:
        program = [_executable(INTERPRETERS[runtime.language], folder, search)]
    if runtime.entrypoint:
        program.append(str(_inside(folder, runtime.entrypoint)))
    return [*program, *runtime.args]


def _python(made: Path | None) -> list[str]:
    if made is None:
        # Without the site module: its .pth files would put AgentX itself on the plugin's path.
        return [sys.executable, "-S"]
    program = made / "bin" / "python"
    if not os.access(program, os.X_OK):
        raise LaunchFailed(f"Its environment {made} is not there: install it again.")
    return [str(program)]


def _search_path(made: Path | None) -> str:
    """PATH, and before it the programs of its environment."""
    inherited = os.environ.get("PATH", os.defpath)
    if made is None:
        return inherited
    own = (made / "bin", made / "node_modules" / ".bin")
    return os.pathsep.join([*(str(each) for each in own if each.is_dir()), inherited])


def _executable(name: str, folder: Path, search: str) -> str:
    """A path below the plugin's folder or an absolute one; a bare name is looked up in PATH too."""
    path = folder / name
    if os.access(path, os.X_OK) and path.is_file():
        return str(path)
    found = shutil.which(name, path=search) if "/" not in name else None
    if found is None:
        where = "in its folder or in PATH" if "/" not in name else "there"
        raise LaunchFailed(f"Its executable {name} is not {where} ({folder}), or cannot be run.")
    return found


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise LaunchFailed(f"Its entrypoint {name} lies outside of its folder.")
    if not path.is_file():
        raise LaunchFailed(f"Its entrypoint {name} is not in {folder}.")
    return path


def _environment(
    manifest: Manifest, work_dir: Path, made: Path | None, *, trusted: bool
) -> dict[str, str]:
    """An allow-list: never the database's address, the broker's, or our secret key."""
    passed = {name: os.environ[name] for name in INHERITED if name in os.environ}
    if made is not None:
        passed["PATH"] = _search_path(made)
    elif manifest.runtime.language == PYTHON and not manifest.runtime.executable:
        passed["PYTHONPATH"] = os.pathsep.join(_python_path())
    ours = {
        "HOME": str(work_dir),
        "TMPDIR": str(work_dir / "tmp"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    allowed = set(settings.PLUGIN_ENVIRONMENT) if trusted else set()
    asked = {name: _filled_in(value, name, allowed) for name, value in manifest.environment.items()}
    kept = {name: value for name, value in asked.items() if value is not None}
    contract = {
        handshake.COOKIE_NAME: handshake.COOKIE,
        handshake.FD_NAME: str(handshake.FD),
    }
    return passed | ours | kept | contract


def _python_path() -> list[str]:
    """The SDK, and what is installed beside the core; not the core."""
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return [str(settings.BASE_DIR / "sdk" / "python"), *sorted(installed)]


def _filled_in(value: str, name: str, allowed: set[str]) -> str | None:
    """`${NAME}` and `${NAME:-default}` from our own environment, as far as the operator allows it.

    None: a variable that was asked for is not to be had, so the plugin does not get this one.
    """
    missing = []

    def replaced(match: re.Match[str]) -> str:
        source, default = match[1], match[2]
        if source in allowed and source in os.environ:
            return os.environ[source]
        if default is None:
            missing.append(source)
        return default or ""

    text = _REFERENCE.sub(replaced, value)
    if missing:
        told = "%s is left out: %s not set, not in AGENTX_PLUGIN_ENVIRONMENT or not for its trust"
        log.info(told, name, missing)
        return None
    return text
