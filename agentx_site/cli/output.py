"""What the terminal shows: tables for people, JSON for programs."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP: Final = 2  # columns of the terminal between two of the table
READABLE: Final = 8  # less than this of a text tells nothing
PIPE_WIDTH: Final = 2000
# Fields of the API, as people say them.
HEADS: Final = {
    "caller_label": "caller",
    "actor_label": "who",
    "target_type": "kind",
    "source_ip": "from",
    "events_total": "events",
    "is_active": "active",
    "is_open": "open",
}
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


def done(told: Any, sentence: str, *, json_wanted: bool) -> None:
    """What a command has done: AgentX's answer as JSON, or in a sentence."""
    if json_wanted:
        as_json(told)
    else:
        click.echo(sentence)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """Aligned columns; `empty` is the sentence that says what to do when there are no rows.

    On a narrow terminal the first columns stay whole and the last ones are cut or left out: put
    first what a reader needs, such as the id that other commands take.
    """
    told = [[_cell(value) for value in row] for row in rows]
    if not told:
        click.echo(empty)
        return
    widths = [max(cell.cell_len for cell in column) for column in zip(*told, strict=True)]
    wanted = [max(width, len(name)) for width, name in zip(widths, columns, strict=True)]
    shown = _fitting(wanted, _width())
    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for column, width in zip(columns, shown, strict=False):
        drawn.add_column(column, no_wrap=True, width=width, overflow="ellipsis")
    for row in told:
        drawn.add_row(*row[: len(shown)])
    _draw(drawn)


def _fitting(wanted: Sequence[int], room: int) -> list[int]:
    """The widths of the columns that have room: all whole but the last, which may be cut."""
    shown: list[int] = []
    for width in wanted:
        left = room - sum(shown) - GAP * len(shown)
        if left < min(width, READABLE) and shown:
            break
        shown.append(min(width, left))
        if width > left:
            break
    return shown


def listing(
    rows: list[dict[str, Any]], columns: Sequence[str], *, json_wanted: bool, empty: str
) -> None:
    """Rows of the API: all of them as JSON, or these columns."""
    if json_wanted:
        as_json(rows)
    else:
        heads = [HEADS.get(column, column.replace("_", " ")) for column in columns]
        table(heads, [[row.get(column) for column in columns] for row in rows], empty)


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """One thing: a name and a value on each line."""
    drawn = Table.grid(padding=(0, 2))
    for name, value in pairs:
        drawn.add_row(Text(name, style="bold"), _cell(value))
    _draw(drawn)


def megabytes(count: int | None) -> str:
    return "" if count is None else f"{count / 1_000_000:.0f} MB"


def _width() -> int:
    """Of the terminal. Into a pipe nothing is cut: whoever reads it may have room."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def _draw(drawn: Table) -> None:
    console = Console(width=_width(), markup=False, emoji=False, highlight=False)
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
