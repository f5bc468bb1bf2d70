"""docs/reference/a2a-conformance.md, from the table. `python -m tests.conformance.page` writes it."""

from pathlib import Path

from tests.conformance import cards, core, formats, listing, push, streams, versions, weaknesses
from tests.conformance.rows import EVERYWHERE, ROWS, Row

PLACE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "a2a-conformance.md"
CHAPTERS = {
    "Messages and tasks": core,
    "Lists": listing,
    "Streams": streams,
    "Push notifications": push,
    "Cards": cards,
    "Versions, callers and tenants": versions,
    "On the wire": formats,
    "Where the reference SDK 1.3.0 is weak": weaknesses,
}
HEAD = """\
# A2A conformance

What AgentX is held to on every change: the specification of A2A 1.0.1 row by row, over raw HTTP and raw gRPC, against the bundled agent
[`conformance`](../../plugins/conformance/README.md). Names as in the public test kit where it has the row. Written by
`python -m tests.conformance.page`; `make test ARGS=tests/conformance` runs it.

The official client libraries, unmodified, are held against the same agent in `tests/clients`: PyPI `a2a-sdk` 1.3.0, 0.3.26 and 0.2.16, npm
`@a2a-js/sdk` 1.3.0 and 0.3.14, over every binding they have.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, module in CHAPTERS.items():
        rows = [row for row in ROWS if row.check.__module__ == module.__name__]
        parts += [
            f"## {title}",
            "",
            "| row | section | level | what holds | on |",
            "|---|---|---|---|---|",
        ]
        parts += [_line(row) for row in rows]
        parts.append("")
    parts.append((Path(__file__).parent / "choices.md").read_text())
    return "\n".join(parts)


def _line(row: Row) -> str:
    where = "all" if row.bindings == EVERYWHERE else ", ".join(row.bindings)
    return f"| {row.name} | {row.section} | {row.level} | {row.says} | {where} |"


if __name__ == "__main__":
    PLACE.write_text(page())
