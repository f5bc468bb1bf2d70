"""How long a process may be silent: as its manifest says."""

from uuid import uuid4

import pytest

from plugins_app.client.shapes import Health
from plugins_app.manifest import HealthCheck
from plugins_app.services import marks
from plugins_app.supervisor.vitals import Vitals


class Ledger:
    """Writes down what would be written into rows."""

    def __init__(self):
        self.put_down = []

    def put(self, deed, *values):
        self.put_down.append(deed)


def silences(rule: HealthCheck, rounds: int = 12) -> tuple[int | None, int | None]:
    """After how many missed rounds it is degraded, and after how many it must go."""
    ledger = Ledger()
    vitals = Vitals(ledger, uuid4())
    degraded = gone = None
    for number in range(1, rounds + 1):
        trouble = vitals.missed("did not answer", rule)
        if ledger.put_down and degraded is None:
            degraded = number
        if trouble and gone is None:
            gone = number
            assert trouble == f"It missed {number} health checks: it did not answer."
    assert ledger.put_down.count(marks.mark_degraded) <= 1
    return degraded, gone


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (HealthCheck(), (3, 4)),
        (HealthCheck(interval=1, retries=1), (1, 1)),
        (HealthCheck(interval=5, retries=2), (4, 5)),
        (HealthCheck(interval=30, retries=3), (None, None)),
        (HealthCheck(enabled=False), (3, None)),
    ],
)
def test_its_manifest_says_when_silence_is_too_much(rule, wanted):
    assert silences(rule) == wanted


def test_an_answer_begins_anew():
    ledger = Ledger()
    vitals = Vitals(ledger, uuid4())
    well = Health(
        serving=True, detail="", in_flight=0, in_flight_average=0, messages_total=0, errors_total=0
    )
    for _ in range(3):
        vitals.missed("did not answer", HealthCheck())
    vitals.answered(well)
    assert not vitals.missed("did not answer", HealthCheck())
    assert ledger.put_down == [marks.mark_degraded, marks.mark_recovered]
