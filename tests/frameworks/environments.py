"""One environment for each lock of a framework plugin, below `.frameworks`: made when it is missing, found ready otherwise.

`python -m tests.frameworks.environments NAME` prints the interpreter of plugins/NAME (of Mastra: a copy of the plugin
that can be run); `… all` makes those that are missing; `… test NAME [ARGUMENT …]` runs its own tests there, with pytest's or node's arguments.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.model import Stub

ROOT: Final = Path(__file__).resolve().parents[2]
PLUGINS: Final = ROOT / "plugins"
PLACE: Final = ROOT / ".frameworks"
BESIDE: Final = Path(__file__).with_name("requirements.txt")
INI: Final = Path(__file__).with_name("own_tests.ini")
SDK: Final = ROOT / "sdk" / "python"
NODE_SDK: Final = ROOT / "sdk" / "node"
UV: Final = (sys.executable, "-m", "uv")
SECONDS: Final = 900
KEPT_AWAY: Final = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS")
MADE: Final = shutil.ignore_patterns("node_modules", "__pycache__", ".agentx")


class NotInstalled(Exception):  # noqa: N818 - reads as what is so
    """It could not be made; says why."""


def is_node(name: str) -> bool:
    """Whether the plugin is a Node program."""
    return (PLUGINS / name / "package.json").is_file()


def python_of(name: str) -> Path:
    """The interpreter that has what the plugin requires, pytest, and the SDK as it is in this tree."""
    return _environment(name, [PLUGINS / name / "requirements.txt", BESIDE]) / "bin" / "python"


def folder_of(name: str) -> Path:
    """Where the plugin can be run from. Node finds packages from where a program lies, so those are copied."""
    return _copied(name) if is_node(name) else PLUGINS / name


def _copied(name: str) -> Path:
    """A copy of the plugin and of the SDK as they are now, beside what their locks ask for."""
    folder = PLUGINS / name
    pins = [folder / "package.json", folder / "package-lock.json", NODE_SDK / "package-lock.json"]
    made = _environment(name, pins)
    copy = made / f"{name}-{_content(folder)}-{_content(NODE_SDK)}"
    if copy.is_dir():
        return copy
    with _alone(PLACE / f"{made.name}.lock"):
        if not copy.is_dir():
            half = made / "half"
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(folder, half, ignore=MADE)
            sdk = half / "node_modules" / "@agentx" / "sdk"
            shutil.copytree(NODE_SDK, sdk, ignore=MADE)
            (sdk / "node_modules").symlink_to(made / "sdk" / "node_modules")
            half.rename(copy)
    return copy


def _environment(name: str, pins: Sequence[Path]) -> Path:
    """Two plugins with one lock share one. `.frameworks/NAME` is a link to it."""
    PLACE.mkdir(exist_ok=True)
    made = PLACE / f"{'node' if is_node(name) else 'python'}-{_digest(pins)}"
    if (made / "ready").exists() and _leads_to(PLACE / name, made):
        return made  # without a lock: who comes here may have no right to write
    with _alone(PLACE / f"{made.name}.lock"):
        if not (made / "ready").exists():
            shutil.rmtree(made, ignore_errors=True)
            _make_node(name, made) if is_node(name) else _make_python(name, made)
            (made / "ready").touch()
    with _alone(PLACE / "links.lock"):
        _link(PLACE / name, made)
    return made


def _link(link: Path, made: Path) -> None:
    """What no plugin names any more is removed."""
    if _leads_to(link, made):
        return
    link.unlink(missing_ok=True)
    link.symlink_to(made.name)
    used = {each.readlink().name for each in PLACE.iterdir() if each.is_symlink()}
    for each in PLACE.iterdir():
        if (
            each.is_dir()
            and not each.is_symlink()
            and each.name.partition("-")[2]
            and each.name not in used
        ):
            shutil.rmtree(each, ignore_errors=True)


def _leads_to(link: Path, made: Path) -> bool:
    return link.is_symlink() and link.readlink() == Path(made.name)


def _digest(pins: Sequence[Path]) -> str:
    """Of the pins, of the interpreter, and of the place: a virtual environment does not survive a move."""
    told = hashlib.sha256(f"{PLACE} {sys.version} {platform.machine()}".encode())
    for pin in pins:
        told.update(pin.read_bytes())
    return told.hexdigest()[:16]


def _content(folder: Path) -> str:
    """Of what a Node program is made of."""
    told = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if "node_modules" not in path.parts and path.is_file():
            told.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return told.hexdigest()[:12]


def _make_python(name: str, made: Path) -> None:
    _say(f"making the environment of {name} …")
    locked = PLUGINS / name / "requirements.txt"
    python = str(made / "bin" / "python")
    _run(name, *UV, "venv", "--quiet", "--no-project", "--python", sys.executable, str(made))
    own = ("--quiet", "--python", python, "--compile-bytecode")
    _run(name, *UV, "pip", "sync", *own, "--require-hashes", str(locked))
    _run(name, *UV, "pip", "install", *own, "-r", str(BESIDE), "--constraint", str(locked))
    (site,) = (made / "lib").glob("python*/site-packages")
    (site / "agentx_sdk.pth").write_text(f"{SDK}\n")


def _make_node(name: str, made: Path) -> None:
    """The plugin's packages in it, found from any folder below; the SDK's own in `sdk`."""
    _say(f"making the environment of {name} …")
    if shutil.which("npm") is None:
        raise NotInstalled("npm is not on this machine")
    for source, place in ((PLUGINS / name, made), (NODE_SDK, made / "sdk")):
        place.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, place)
        ci = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        _run(name, *ci, folder=place)


def _run(name: str, *command: str, folder: Path = ROOT) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in KEPT_AWAY}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        why = f"{' '.join(command[:4])} … took more than {SECONDS} s: is the package index there?"
        raise NotInstalled(f"the environment of {name} cannot be made: {why}") from None
    if done.returncode:
        told = f"the environment of {name} cannot be made: {done.stderr.strip()[-2000:]}"
        raise NotInstalled(told)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command speaks


# ---- A plugin's own tests


def run_own_tests(
    name: str, arguments: Sequence[str] = (), *, quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    """Inside its own environment, in its own folder, with a demo model at `AGENTX_MODEL_URL`.

    `quiet`: what it says is in the result.
    """
    environment = {key: value for key, value in os.environ.items() if key not in KEPT_AWAY}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "GRPC_VERBOSITY": "NONE"}
    folder = folder_of(name)
    command = _node_tests(arguments) if is_node(name) else _pytest(name, arguments)
    heard = subprocess.PIPE if quiet else None
    with Stub() as stub:
        return subprocess.run(
            command,
            cwd=folder,
            env={**environment, "AGENTX_MODEL_URL": stub.url},
            text=True,
            stdout=heard,
            stderr=subprocess.STDOUT if quiet else None,
            timeout=SECONDS,
        )


def _pytest(name: str, arguments: Sequence[str]) -> list[str]:
    options = ("-c", str(INI), "--rootdir", str(PLUGINS / name), "-q")
    return [str(python_of(name)), "-m", "pytest", *options, *(arguments or ["tests"])]


def _node_tests(arguments: Sequence[str]) -> list[str]:
    return ["node", "--test", *(arguments or ["tests/"])]


def _make_all() -> int:
    """Those that are missing. What cannot be made is told here, and failed by the tests that need it."""
    for folder in sorted(PLUGINS.iterdir()):
        if (
            not (folder / "requirements.in").is_file()
            and not (folder / "package-lock.json").is_file()
        ):
            continue
        try:
            folder_of(folder.name) if is_node(folder.name) else python_of(folder.name)
        except NotInstalled as error:
            _say(str(error))
    return 0


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["test", name, *rest]:
            return run_own_tests(name, rest).returncode
        case ["all"]:
            return _make_all()
        case [name]:
            print(folder_of(name) if is_node(name) else python_of(name))  # noqa: T201
            return 0
        case _:
            print(__doc__, file=sys.stderr)  # noqa: T201
            return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NotInstalled as error:
        sys.exit(str(error))
