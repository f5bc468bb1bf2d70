"""Tasks that came of one another, as a picture."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from routing.models import Task
from routing.picture import LEAST, picture

BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def task(number: int, begin: float, end: float | None, **fields: Any) -> Task:
    told = {"state": "COMPLETED" if end is not None else "WORKING", "updated": at(begin), **fields}
    closed = at(end) if end is not None else None
    return Task(id=UUID(int=number), created=at(begin), closed=closed, **told)


def test_bars_stand_where_their_tasks_were_at_work() -> None:
    branches = [(task(1, 0, 10), 0), (task(2, 2, 7), 1), (task(3, 3, 3), 2)]
    drawn = picture(branches, {UUID(int=2): "somebody"}, at(99))
    assert drawn is not None and drawn.seconds == 10
    bars = drawn.bars
    assert [(bar.left, bar.width, bar.depth) for bar in bars] == [
        (0, 100, 0),
        (20, 50, 1),
        (30, LEAST, 2),
    ]
    assert [bar.by for bar in bars] == [None, "somebody", None]


def test_what_runs_lasts_until_now_and_what_waits_until_it_began_to() -> None:
    waits = task(3, 1, None, state="INPUT_REQUIRED", updated=at(2))
    drawn = picture([(task(1, 0, None), 0), (waits, 1)], {}, at(4))
    assert drawn is not None
    assert [bar.seconds for bar in drawn.bars] == [4, 1]


def test_tasks_in_no_time_at_all_divide_by_nothing() -> None:
    drawn = picture([(task(1, 0, 0), 0), (task(2, 0, 0), 1)], {}, at(0))
    assert drawn is not None and all(bar.width == LEAST for bar in drawn.bars)


def test_a_task_alone_is_no_picture() -> None:
    assert picture([(task(1, 0, 1), 0)], {}, at(2)) is None
    assert picture([], {}, at(2)) is None
