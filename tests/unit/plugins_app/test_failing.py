"""When a slot that was given up may begin again. How often it may fail: test_crashes.py."""

from types import SimpleNamespace
from typing import Any

import pytest

from plugins_app.supervisor.failing import Failures


def wanted(*, fatal: bool = False) -> Any:
    return SimpleNamespace(is_fatal=fatal, failures=(1.0, 2.0))


def test_it_goes_on_where_the_last_supervisor_ended():
    assert Failures(wanted(fatal=True)).is_fatal
    assert Failures(wanted()).times == (1.0, 2.0)


@pytest.mark.parametrize(
    ("as_of", "fatal", "again"),
    [(5, False, False), (8, False, True), (8, True, False)],
    ids=["read before it was written", "an operator said start", "it stands"],
)
def test_only_a_row_that_knows_of_it_begins_anew(as_of, fatal, again):
    failures = Failures(wanted())
    failures.give_up(7)
    failures.hear(wanted(fatal=fatal), as_of)
    assert (failures.is_fatal, failures.times) == ((False, ()) if again else (True, (1.0, 2.0)))
