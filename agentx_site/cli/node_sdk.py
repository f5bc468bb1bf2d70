"""The Node SDK beside a plugin that is being written: a link in its node_modules, which no package holds."""

import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import Final

import click

from agentx_site.cli.errors import Failed
from agentx_site.cli.target import PROJECT

SDK: Final = PROJECT / "sdk" / "node"
LENT: Final = Path(".agentx") / "sdk-node"  # stays when npm tidies node_modules up
LINK: Final = Path("node_modules") / "@agentx" / "sdk"
INSTALL_SECONDS: Final = 300


def lend(folder: Path) -> None:
    """Let `import "@agentx/sdk"` work in this folder, as it will once AgentX has installed it.

    Raises `Failed` when the SDK's own packages are not there and cannot be fetched.
    """
    _link(folder / LENT, SDK)
    _link(folder / LINK, Path("../..") / LENT)
    fetch()


def _link(link: Path, target: Path) -> None:
    """Unless something is there: one that leads nowhere is made anew."""
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target, target_is_directory=True)


def fetch() -> None:
    """The packages that the SDK stands on, as they are locked. Raises `Failed`."""
    if _is_fetched():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise Failed("npm is not on this machine: install Node 20 or newer.")
    with (SDK / "package.json").open() as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # who came second finds it done
        if not _is_fetched():
            _install(npm)


def _install(npm: str) -> None:
    click.echo("fetching what the Node SDK stands on …", err=True)
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(  # noqa: S603 - npm, with our own lock
        command, cwd=SDK, capture_output=True, text=True, timeout=INSTALL_SECONDS
    )
    if done.returncode:
        why = _last_line(done.stderr) or f"exit status {done.returncode}"
        raise Failed(f"npm could not fetch what the Node SDK stands on: {why}")


def _is_fetched() -> bool:
    """npm writes this file last, and it is as new as the lock it was made from."""
    made, lock = SDK / "node_modules" / ".package-lock.json", SDK / "package-lock.json"
    return made.is_file() and made.stat().st_mtime >= lock.stat().st_mtime


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("npm error")]
    return lines[0].removeprefix("npm error").strip() if lines else ""
