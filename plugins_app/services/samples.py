"""What processes were seen to use and do: figures that the next round replaces, no history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from plugins_app.models import PluginInstance

FIGURES = [
    "rss_bytes",
    "cpu_percent",
    "open_files",
    "in_flight",
    "in_flight_average",
    "messages_total",
    "errors_total",
    "sampled",
]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one process was seen to use and do."""

    instance_id: UUID
    launch_id: str
    rss_bytes: int | None
    cpu_percent: float | None
    open_files: int | None
    in_flight: int
    in_flight_average: float
    messages_total: int
    errors_total: int
    sampled: datetime


def write_samples(samples: Sequence[Sample]) -> None:
    """One statement for all. A relaunched process does not take the figures of the one before."""
    rows = PluginInstance.objects.in_bulk([sample.instance_id for sample in samples])
    measured = []
    for sample in samples:
        row = rows.get(sample.instance_id)
        if row is not None and str(row.launch_id) == sample.launch_id:
            for name in FIGURES:
                setattr(row, name, getattr(sample, name))
            measured.append(row)
    if measured:
        PluginInstance.objects.bulk_update(measured, FIGURES)


def write_use(use: dict[tuple[UUID, str], dict[str, int]]) -> None:
    """What each process uses of its limits, by row and launch; one that was relaunched is left alone."""
    rows = PluginInstance.objects.in_bulk([instance_id for instance_id, _launch in use])
    changed = []
    for (instance_id, launch_id), told in use.items():
        row = rows.get(instance_id)
        if row is not None and str(row.launch_id) == launch_id and row.isolation:
            row.isolation = row.isolation | {"use": told}
            changed.append(row)
    if changed:
        PluginInstance.objects.bulk_update(changed, ["isolation"])
