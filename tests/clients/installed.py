"""Environments for the official client libraries, below `.venvs`: made when they are missing, found ready otherwise."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest

HERE: Final = Path(__file__).resolve().parent
PINS: Final = HERE / "environments"
PLACE: Final = HERE.parents[1] / ".venvs"


def python_of(version: str) -> list[str]:
    """The command that runs a program beside that version of PyPI's a2a-sdk."""
    pins = PINS / f"python-{version}.txt"
    folder = PLACE / f"a2a-python-{version}"
    _see_to(folder, [pins], lambda: _make_python(folder, pins))
    return [str(folder / "bin" / "python")]


def node_of(version: str, driver: Path) -> list[str]:
    """The command that runs `driver` beside that version of npm's @a2a-js/sdk.

    Node finds packages from where a program lies, so the program is copied there.
    """
    if shutil.which("npm") is None:
        _without("npm is not installed")
    pins = PINS / f"node-{version}"
    folder = PLACE / f"a2a-node-{version}"
    files = [pins / "package.json", pins / "package-lock.json"]
    _see_to(folder, files, lambda: _make_node(folder, files))
    copy = folder / driver.name
    draft = folder / f"{driver.name}.{os.getpid()}"
    shutil.copy(driver, draft)
    draft.replace(copy)  # two test processes may do so at once
    return ["node", str(copy)]


def _see_to(folder: Path, pins: list[Path], make: Callable[[], None]) -> None:
    """Make it unless its stamp says that it is what the pins say. One test process at a time."""
    stamp, wanted = folder / "installed", _digest(folder, pins)
    PLACE.mkdir(exist_ok=True)
    with _alone(folder.with_suffix(".lock")):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        try:
            make()
        except subprocess.CalledProcessError as error:
            _without(f"{folder.name} cannot be installed: {error.stderr.decode()[-500:]}")
        stamp.write_text(wanted)


def _digest(folder: Path, pins: list[Path]) -> str:
    """Of the pins, and of the place, since a virtual environment does not survive a move."""
    told = hashlib.sha256(f"{folder} {sys.version}".encode())
    for pin in pins:
        told.update(pin.read_bytes())
    return told.hexdigest()


def _make_python(folder: Path, pins: Path) -> None:
    uv = [sys.executable, "-m", "uv"]
    _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    python = str(folder / "bin" / "python")
    _run([*uv, "pip", "install", "--quiet", "--python", python, "--requirement", str(pins)])


def _make_node(folder: Path, files: list[Path]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder)


def _run(command: list[str], folder: Path = HERE) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _without(why: str) -> NoReturn:
    """Nobody tests these clients here; in CI that is an error."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
