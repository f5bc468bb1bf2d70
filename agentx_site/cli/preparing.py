"""Follow the installation of a release until every node has it, or one cannot."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import Function
from agentx_site.cli.server import Json, Server, at

LOOK_SECONDS: Final = 0.4
PATIENCE_SECONDS: Final = 900.0
WORDS: Final = {
    "queued": "waits for its node",
    "unpacking": "unpacking",
    "environment": "making its environment",
    "checking": "checking",
    "ready": "ready",
}
LAST_LINES: Final = 12


class Shown(Protocol):
    """Where progress goes."""

    def __call__(self, release: Json) -> None: ...


def following(function: Function) -> Function:
    """`--no-wait`, and `--timeout` as `seconds`."""
    seconds = click.option(
        "--timeout",
        "seconds",
        type=click.FloatRange(0, min_open=True),
        default=PATIENCE_SECONDS,
        show_default=True,
        help="Seconds to wait until it is installed.",
    )
    return click.option("--no-wait", is_flag=True, help="Return at once.")(seconds(function))


def until_prepared(server: Server, plugin: Json, seconds: float, *, quiet: bool = False) -> Json:
    """Wait until the release that `plugin` (as the API answers it) is to have is ready. Answers the plugin anew.

    Raises `Failed` with the reason and the installer's last lines when it cannot be, or takes too long.
    """
    told = plugin.get("installation") or {}
    if told.get("state") in (None, "ready", "none"):
        return plugin
    name = plugin["name"]
    with _silence() if quiet else _shown(name, told["version"]) as show:
        _follow(server, at("plugins", name, "releases", told["release"]), seconds, show)
    found: Json = server.get(at("plugins", name))
    return found


def _follow(server: Server, path: str, seconds: float, show: Shown) -> None:
    deadline = time.monotonic() + seconds
    while True:
        release = server.get(path)
        show(release)
        if release["state"] == "ready":
            return
        if release["state"] == "failed":
            raise Failed(_why(release))
        if time.monotonic() > deadline:
            raise Failed(f"not installed after {seconds:g} s: it is {release['state']}.")
        time.sleep(LOOK_SECONDS)


def _why(release: Json) -> str:
    lines = [line for node in release["nodes"] if node["reason"] for line in node["lines"]]
    said = "\n".join(f"    {output.harmless(line)}" for line in lines[-LAST_LINES:])
    told = f"{release['version']} could not be installed: {output.harmless(release['reason'])}"
    return f"{told}\n{said}" if said else told


@contextmanager
def _silence() -> Iterator[Shown]:
    yield lambda release: None


@contextmanager
def _shown(name: str, version: str) -> Iterator[Shown]:
    """A bar for people, lines for a pipe."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(f"{name} {version}", total=100)

        def show(release: Json) -> None:
            state = WORDS.get(release["state"], release["state"])
            told = f"{name} {version}: {state}"
            progress.update(task, completed=release["progress"], description=told)

        yield show


class _Lines:
    """Each state once, and each line the installers said."""

    def __init__(self) -> None:
        self._state = ""
        self._said: list[str] = []

    def __call__(self, release: Json) -> None:
        if release["state"] in WORDS and release["state"] != self._state:
            self._state = release["state"]
            click.echo(f"{release['version']}: {WORDS[self._state]}", err=True)
        for line in self._new([line for node in release["nodes"] for line in node["lines"]]):
            click.echo(f"    {output.harmless(line)}", err=True)

    def _new(self, lines: list[str]) -> list[Any]:
        """What was not said before. The server keeps the last ones only, so the two may overlap anywhere."""
        overlap = next(
            (
                n
                for n in range(min(len(lines), len(self._said)), 0, -1)
                if self._said[-n:] == lines[:n]
            ),
            0,
        )
        fresh = lines[overlap:]
        self._said = lines or self._said
        return fresh
