"""Which process answered a turn, as it was then."""

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from plugins_app.models import PluginEvent, PluginInstance

Key = TypeVar("Key", bound=Hashable)
Type = PluginEvent.Type
BIRTHS: Final = (Type.INITIALIZED, Type.READY, Type.ADOPTED, Type.ATTACHED)
BIRTHS_READ: Final = 500  # of the processes asked about, newest first
PID: Final = re.compile(r"\bpid ([0-9]{1,10})\b")


@dataclass(frozen=True, slots=True)
class Answering:
    """`pid` and `version` are None and empty where nobody wrote down what they were at that time."""

    plugin: str
    framework: str
    version: str
    ordinal: int
    pid: int | None
    node: str


@dataclass(frozen=True, slots=True)
class _Birth:
    time: datetime
    pid: int
    version: str


def answering(turns: Mapping[Key, tuple[UUID, datetime]]) -> dict[Key, Answering]:
    """Of each turn, by the process that its end names and the time of that; without those that are no more known."""
    wanted = {instance for instance, _time in turns.values()}
    if not wanted:
        return {}
    rows = PluginInstance.objects.filter(id__in=wanted)
    known = {row.id: row for row in rows.select_related("plugin", "release", "node")}
    births = _births(wanted, max(time for _instance, time in turns.values()))
    return {
        key: _at(known[instance], births[instance], time)
        for key, (instance, time) in turns.items()
        if instance in known
    }


def _births(instances: set[UUID], until: datetime) -> dict[UUID, list[_Birth]]:
    """When processes began in these slots, newest first."""
    found: dict[UUID, list[_Birth]] = defaultdict(list)
    rows = PluginEvent.objects.filter(instance__in=instances, type__in=BIRTHS, time__lte=until)
    for event in rows.order_by("-time", "-id")[:BIRTHS_READ]:
        pid = event.data.get("pid") or next(iter(PID.findall(event.message)), None)
        if pid and event.instance_id:
            told = _Birth(event.time, int(pid), event.data.get("version", ""))
            found[event.instance_id].append(told)
    return found


def _at(row: PluginInstance, births: list[_Birth], time: datetime) -> Answering:
    before = [birth for birth in births if birth.time <= time]
    pid = before[0].pid if before else None
    told = next((birth.version for birth in before if birth.pid == pid and birth.version), "")
    version = told or (row.release.version if pid == row.pid else "")
    plugin = row.plugin
    return Answering(plugin.slug, plugin.framework, version, row.ordinal, pid, row.node.name)
