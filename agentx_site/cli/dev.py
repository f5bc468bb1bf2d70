"""`agentx plugin dev`: what an author saves takes over in a running AgentX, at once."""

import base64
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from watchfiles import DefaultFilter, watch

from agentx_site.cli import output, waiting
from agentx_site.cli.errors import Failed
from agentx_site.cli.plugins import plugin
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server
from plugins_app.packages import archive
from plugins_app.packages.archive import Built
from security.errors import PublicError

QUIET_MS: Final = 50  # editors write a file in several steps
LOOK_MS: Final = 400  # between two looks at the log
LOOK_SECONDS: Final = 0.1
QUIET_SECONDS: Final = 1.0  # a preparation that is done within it is not worth a line
READY_SECONDS: Final = 60.0
PREPARED_SECONDS: Final = 600.0  # the first time, everything that it requires is fetched
STOP_SECONDS: Final = 20.0
LOG_LINES: Final = 500
MADE: Final = (*DefaultFilter.ignore_dirs, ".agentx")
COLOURS: Final = {"error": "red", "critical": "red", "warning": "yellow"}


@plugin.command("dev")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="."
)
@click.option(
    "--watch/--no-watch",
    "watched",
    default=True,
    help="Take over what is saved.",
    show_default=True,
)
@click.option("--keep", is_flag=True, help="Leave it running at the end.")
@click.pass_context
def dev(context: click.Context, folder: Path, watched: bool, keep: bool) -> None:
    """Run the plugin in FOLDER (here) in AgentX, follow its log, and take over what is saved. Ctrl-C ends it."""
    session = Session(server(context), folder.resolve())
    try:
        session.take_over()
        _follow(session, watched=watched)
    except KeyboardInterrupt:
        click.echo()
    finally:
        session.end(keep=keep)


def _follow(session: "Session", *, watched: bool) -> None:
    ignoring = DefaultFilter(ignore_dirs=MADE)
    for changes in watch(
        session.folder,
        watch_filter=ignoring,
        step=QUIET_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
    ):
        session.show_log()
        if changes and watched:
            session.take_over()


@dataclass
class Session:
    """One author at work on one folder."""

    server: Server
    folder: Path
    name: str = ""
    started: bool = False  # by us
    taken: str = ""  # the digest of what AgentX has of the folder
    cursor: str = ""
    told: set[str] = field(default_factory=set)

    def take_over(self) -> None:
        """Build, load, start or reload, and tell how it went: what is wrong is for the author to mend."""
        began = time.monotonic()
        try:
            built = self._build()
            if built.contents == self.taken:
                return
            self.name = self.name or self._begin(built)
            self._load(built)
            self._become_ready()
        except Failed as failed:
            self.show_log()
            failed.show()
            return
        self.show_log()
        self._tell(
            f"{built.name} {built.version} is running after {time.monotonic() - began:.2f} s"
        )

    def show_log(self) -> None:
        """What it wrote since the last look."""
        if not self.name:
            return
        with suppress(Failed):  # away for a moment, or no plugin yet
            lines = self.server.get(
                at("plugins", self.name, "logs"), limit=LOG_LINES, after=self.cursor
            )
            for line in lines:
                click.echo(_log_line(line))
            self.cursor = lines[-1]["id"] if lines else self.cursor

    def end(self, *, keep: bool) -> None:
        """Stop what we started."""
        if not self.started or keep:
            return
        with suppress(Failed):
            self.server.post(at("plugins", self.name, "stop"))
            waiting.until(
                self.server, self.name, waiting.is_stopped, STOP_SECONDS, "stopped", seen=""
            )
            self._tell(f"{self.name} is stopped; it stays installed")

    def _build(self) -> Built:
        try:
            return archive.build(self.folder)
        except PublicError as wrong:
            raise Failed(wrong.message) from None

    def _begin(self, built: Built) -> str:
        """The name; from here on the log is followed from its end."""
        with suppress(Failed):
            lines = self.server.get(at("plugins", built.name, "logs"), limit=1)
            self.cursor = lines[-1]["id"] if lines else ""
        return built.name

    def _load(self, built: Built) -> None:
        """Raises `Failed` when AgentX will not have it, or cannot prepare it."""
        package = base64.b64encode(built.content).decode()
        self.server.post("/api/v1/plugins/load", {"package": package, "dev": True})
        self.taken = built.contents
        began = time.monotonic()
        while not (release := self._release(built.contents))["is_current"]:
            waited = time.monotonic() - began
            if not release["is_next"] or release["state"] == "failed" or waited > PREPARED_SECONDS:
                raise Failed(self._why_not_prepared(release))
            if waited > QUIET_SECONDS:
                told = f"preparing {built.name}: {release['state']} {release['progress']} %"
                self._tell_once(told)
            time.sleep(LOOK_SECONDS)

    def _release(self, digest: str) -> Json:
        rows: list[Json] = self.server.get(at("plugins", self.name, "releases"))
        found = next((row for row in rows if row["digest"] == digest), None)
        if found is None:
            raise Failed("AgentX took the package and then let it go: see its events.")
        return found

    def _why_not_prepared(self, release: Json) -> str:
        """The installer's last words; or why the supervisor went back to what ran before."""
        if release["state"] == "ready":
            events = self.server.rows(at("plugins", self.name, "events"), 20)
            return next(
                (e["message"] for e in events if e["type"] == "rolled_back"), "let go again"
            )
        detail = self.server.get(at("plugins", self.name, "releases", release["id"]))
        lines = [line for node in detail["nodes"] for line in node["lines"]]
        return "\n  ".join([f"it cannot be prepared: {release['reason']}", *lines[-10:]])

    def _become_ready(self) -> None:
        seen = waiting.newest_event(self.server, self.name)
        if self.server.get(at("plugins", self.name))["desired"] == "stopped":
            self.started = True
            self.server.post(at("plugins", self.name, "start"))
        else:
            self.server.post(at("plugins", self.name, "reload"))
        waiting.until(
            self.server, self.name, waiting.is_running, READY_SECONDS, "running", seen=seen
        )

    def _tell_once(self, text: str) -> None:
        if text not in self.told:
            self.told.add(text)
            self._tell(text)

    def _tell(self, text: str) -> None:
        click.secho(f"— {text}", fg="cyan")


def _log_line(line: dict[str, Any]) -> str:
    moment = str(line["time"])[11:19]
    text = output.harmless(
        f"{moment} #{line['ordinal']} {line['level']:<7} {line['text']}".rstrip()
    )
    return click.style(text, fg=COLOURS.get(line["level"]))
