"""Pages of rows by the last row seen: rows that arrive meanwhile move nothing, and page 1,000 costs what page 1 does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`rows`, newest first; `older` is the cursor of the next page or empty; `is_first` when nothing is newer."""

    rows: Sequence[Row]
    older: str
    is_first: bool


def newest_page(rows: QuerySet[Row], cursor: str, *, by: str, size: int = 50) -> Page[Row]:
    """The page after `cursor` (empty or unreadable: the first), ordered by `-by, -id`."""
    after = _read(cursor)
    if after:
        time, row_id = after
        rows = rows.filter(Q(**{f"{by}__lt": time}) | Q(**{by: time, "id__lt": row_id}))
    found = list(rows.order_by(f"-{by}", "-id")[: size + 1])
    shown = found[:size]
    older = _write(shown[-1], by) if len(found) > size else ""
    return Page(shown, older, after is None)


def _write(row: Any, by: str) -> str:
    return f"{getattr(row, by).isoformat()}~{row.pk}"


def _read(cursor: str) -> tuple[datetime, UUID] | None:
    time, _, row_id = cursor.partition("~")
    try:
        read = datetime.fromisoformat(time), UUID(row_id)
    except ValueError:
        return None
    return read if read[0].tzinfo else None
