"""What the terminal shows: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {
    "ready": "green",
    "running": "green",
    "active": "green",
    "COMPLETED": "green",
    "error": "red",
    "fatal": "red",
    "FAILED": "red",
    "disconnected": "red",
    "paused": "yellow",
    "backoff": "yellow",
    "degraded": "yellow",
    "WORKING": "cyan",
}
# Terminals obey these; what agents and logs say is not for them to obey.
CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "�")
del CONTROL[ord("\n")], CONTROL[ord("\t")]


def harmless(text: str) -> str:
    """The text without control characters, which could drive the reader's terminal."""
    return text.translate(CONTROL)


def as_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """Aligned columns; `empty` is the sentence that says what to do when there are no rows."""
    told = [[_cell(value) for value in row] for row in rows]
    if not told:
        click.echo(empty)
        return
    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        drawn.add_column(column, no_wrap=True)
    for row in told:
        drawn.add_row(*row)
    _draw(drawn)


def listing(
    rows: list[dict[str, Any]], columns: Sequence[str], *, json_wanted: bool, empty: str
) -> None:
    """Rows of the API: all of them as JSON, or these columns."""
    if json_wanted:
        as_json(rows)
    else:
        heads = [column.replace("_", " ") for column in columns]
        table(heads, [[row.get(column) for column in columns] for row in rows], empty)


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """One thing: a name and a value on each line."""
    drawn = Table.grid(padding=(0, 2))
    for name, value in pairs:
        drawn.add_row(Text(name, style="bold"), _cell(value))
    _draw(drawn)


def megabytes(count: int | None) -> str:
    return "" if count is None else f"{count / 1_000_000:.0f} MB"


def _draw(drawn: Table) -> None:
    # Into a pipe nothing is cut: whoever reads it may have room.
    width = None if sys.stdout.isatty() else 2000
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _cell(value: Any) -> Text:
    match value:
        case None:
            return Text("")
        case bool():
            return Text("yes" if value else "no")
        case float():
            return Text(f"{value:.1f}")
        case list():
            return Text(harmless(", ".join(str(item) for item in value)))
    text = harmless(_when(str(value))).replace("\n", " ")
    return Text(text, style=COLOURS.get(text, ""))


def _when(text: str) -> str:
    """A moment of the API as people read it, in UTC; any other text as it is."""
    if len(text) < 19 or text[10] != "T":
        return text
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
