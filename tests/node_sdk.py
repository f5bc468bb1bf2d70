"""The Node SDK with everything it stands on: installed once for a lock, below the machine's temporary folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SDK = ROOT / "sdk" / "node"
MADE = shutil.ignore_patterns("node_modules")


def copied_to(folder: Path) -> Path:
    """A copy of the SDK that works there: `node_modules` is a link. Skips where Node or npm's registry is away."""
    copy = folder / "sdk-node"
    shutil.copytree(SDK, copy, ignore=MADE)
    (copy / "node_modules").symlink_to(_modules())
    return copy


def lend(sdk: Path, folder: Path) -> None:
    """Let a plugin in this folder import it."""
    (folder / "node_modules" / "@agentx").mkdir(parents=True)
    (folder / "node_modules" / "@agentx" / "sdk").symlink_to(sdk)


def run(folder: Path, *command: str, seconds: int = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )


def _modules() -> Path:
    if shutil.which("npm") is None:
        pytest.skip("Node is not on this machine")
    lock = hashlib.sha256((SDK / "package-lock.json").read_bytes()).hexdigest()[:16]
    home = Path(tempfile.gettempdir()) / f"agentx-node-sdk-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # other workers of pytest wait for the first
        if not (home / lock).is_dir():
            _install(home, lock)
    return home / lock / "node_modules"


def _install(home: Path, lock: str) -> None:
    half = home / f"{lock}.tmp"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SDK / name, half)
    done = run(half, "npm", "ci", "--ignore-scripts", seconds=300)
    if done.returncode:
        pytest.skip(f"npm's registry is away, so nothing of Node is tested: {done.stderr[-400:]}")
    half.rename(home / lock)
