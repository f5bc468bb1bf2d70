"""One terminal for many processes: each line with its time and who said it."""

import json
import os
import time
from typing import Any, Final

from rich.console import Console
from rich.text import Text

WIDTH: Final = 9
COLOURS: Final = {
    "agentx": "bold cyan", "postgres": "blue", "valkey": "red", "bootstrap": "white",
    "web": "green", "gateway": "cyan", "node": "magenta", "beat": "yellow", "courier": "blue",
    "model": "white",
}  # fmt: skip
LEVELS: Final = {"warning": "yellow", "error": "red", "critical": "bold red", "debug": "dim"}
TOLD: Final = {"time", "level", "logger", "message", "exception"}


class Terminal:
    """Prints, and goes on silently when nobody reads any more: the processes matter more."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True, markup=False)
        self.is_open = True

    def line(self, who: str, text: str) -> None:
        """A line of a child: JSON log records become readable, everything else stays as it is."""
        self._print(self._prefix(who).append_text(readable(text)))

    def say(self, text: str, style: str = "") -> None:
        """A line of the runner's own."""
        self._print(self._prefix("agentx").append(text, style))

    def show(self, what: object = "") -> None:
        """Anything rich can render, without a prefix. Text is never broken: it may be pasted."""
        self._print(what)

    def _prefix(self, who: str) -> Text:
        colour = COLOURS.get(who.partition("-")[0], "")
        return Text.assemble((time.strftime("%H:%M:%S "), "dim"), (f"{who:<{WIDTH}} │ ", colour))

    def _print(self, what: object) -> None:
        if not self.is_open:
            return
        try:
            self.console.print(what, soft_wrap=True)
        except (OSError, SystemExit):  # rich turns a closed pipe into SystemExit
            self._close()

    def _close(self) -> None:
        """Let what is still buffered go nowhere, or Python's own last flush fails the exit status."""
        self.is_open = False
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.console.file.fileno())
        os.close(nowhere)


def readable(line: str) -> Text:
    """A JSON log record as `message (key=value)`, coloured by level; other text unchanged."""
    record = _record(line)
    if record is None:
        return Text.from_ansi(line)
    style = LEVELS.get(str(record.get("level", "")), "")
    text = Text(str(record["message"]), style=style)
    extras = " ".join(f"{key}={value}" for key, value in record.items() if key not in TOLD)
    if extras:
        text.append(f"  {extras}", style="dim")
    if record.get("exception"):
        text.append(f"\n{record['exception']}", style="dim")
    return text


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "message" in record else None
