"""Beside each process: its limits watched, its log pumped, its way out kept open, and what it is refused told."""

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connections

from plugins_app import isolation
from plugins_app import manifest as manifests
from plugins_app.egress import Allowed, Relay
from plugins_app.errors import InvalidManifest
from plugins_app.isolation import Confinement
from plugins_app.isolation.profiles import LOOPBACK, PUBLIC, VERIFIED
from plugins_app.process import PluginProcess, cgroups, places, pump
from plugins_app.process.around import taken_door
from plugins_app.process.confinement import has_door
from plugins_app.process.identity import group_members
from plugins_app.services.guarding import record_refusal
from plugins_app.services.samples import write_use
from plugins_app.supervisor.ledger import Ledger
from plugins_app.supervisor.wanted import Wanted

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 1.0
DISK_EVERY: Final = 3  # looks
TELL_EVERY: Final = 60.0  # seconds between two refusals of one kind
MOST_FILES: Final = (
    100_000  # in a working directory: a disk has so many, and a look takes long enough
)


class Guarded(Protocol):
    """What a guard has to know of a slot."""

    wanted: Wanted


class Guard:
    """Of one process, from its handshake to its end."""

    def __init__(self, slot: Guarded, process: PluginProcess, ledger: Ledger) -> None:
        self.process = process
        self._slot = slot
        self._ledger = ledger
        self._told: dict[str, float] = {}
        self._held_back: dict[str, int] = {}
        self._relay: Relay | None = None
        self._files = 0
        self.use: dict[str, int] = {}

    @property
    def instance_id(self) -> UUID:
        return self._slot.wanted.instance_id

    def begin(self) -> None:
        around, wanted = self.process.around, self._slot.wanted
        if around.pump is not None:
            around.pump.on_flood = self._flooded
        confined = confinement_of(wanted)
        if around.door is not None and confined is not None:
            self._relay = Relay(around.door.dup(), _allowed(confined), self._went_out)
            self.process.on_exit(self._relay.close)

    def look(self, *, at_disk: bool) -> str:
        """Measure it. Says why it must go, or nothing. Blocks for some milliseconds: called in a thread."""
        limits = self.process.isolation.get("limits", {})
        group = self.process.around.group
        memory = group.memory() if group else None
        self.use["memory"] = memory if memory is not None else _memory(self.process.pid)
        if group is not None and (count := group.processes()) is not None:
            self.use["processes"] = count
        if at_disk and limits.get("disk"):
            self.use["disk"], self._files = self._kept()
        return self._over(limits)

    def _kept(self) -> tuple[int, int]:
        """Bytes and files in both folders that it may write to."""
        work = places.work_dir(self._slot.wanted.plugin, self._ordinal)
        folders = (work, places.launch_dir(self.process.launch_id))
        found = [_disk(folder) for folder in folders]
        return sum(each[0] for each in found), sum(each[1] for each in found)

    def tell(self, reason: str) -> None:
        """It must go, at once: its slot starts another, and tells why."""
        if not self.process.exited.is_set():
            self.refused("plugin.over_limit", reason)
            self.process.end_with(reason)

    def refused(self, action: str, reason: str) -> None:
        """Once a minute for each kind; what was held back is counted."""
        now = time.monotonic()
        if now - self._told.get(action, -TELL_EVERY) < TELL_EVERY:
            self._held_back[action] = self._held_back.get(action, 0) + 1
            return
        self._told[action] = now
        data = {"pid": self.process.pid, "also": self._held_back.pop(action, 0)}
        self._ledger.put(record_refusal, self.instance_id, action, reason, data)

    @property
    def _ordinal(self) -> int:
        return self._slot.wanted.ordinal

    def _over(self, limits: dict[str, int | None]) -> str:
        if reason := self.process.around.reason():
            return reason
        memory, disk = limits.get("memory"), limits.get("disk")
        if memory and self.use["memory"] > memory:
            return f"It uses {_mb(self.use['memory'])} of memory, more than the {_mb(memory)} that its manifest allows."
        if disk and self.use.get("disk", 0) > disk:
            return f"It keeps {_mb(self.use['disk'])} in its working directory, more than the {_mb(disk)} that its manifest allows."
        if disk and self._files > MOST_FILES:
            return f"It keeps more than {MOST_FILES} files in its working directory."
        return ""

    def _flooded(self, lines: int, dropped: int) -> None:
        reason = f"It writes too much to its log: {lines} lines ({_mb(dropped)}) were dropped."
        self.refused("plugin.log_flood", reason)

    def _went_out(self, reason: str) -> None:
        log.info("%s/%d: %s", self._slot.wanted.plugin, self._ordinal, reason)
        self.refused("plugin.egress", reason)


class Guards:
    """Of all processes of a node."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._guards: set[Guard] = set()
        self._looks = 0

    def take(self, slot: Guarded, process: PluginProcess) -> None:
        """From now on it is guarded, whether it was just launched or has outlived its supervisor."""
        if not process.is_ours:
            return
        taken_back(process, slot.wanted)
        guard = Guard(slot, process, self._ledger)
        self._guards.add(guard)
        process.on_exit(lambda: self._forget(guard))
        guard.begin()

    async def run(self) -> None:
        """Until cancelled."""
        folders = (await asyncio.to_thread(isolation.machine)).folders
        while True:
            await self.look()
            await asyncio.to_thread(cgroups.sweep, folders)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Once at each process."""
        self._looks += 1
        at_disk = self._looks % DISK_EVERY == 0
        guards = list(self._guards)
        for guard, reason in await asyncio.to_thread(_looked, guards, at_disk):
            guard.tell(reason)
        if at_disk and self._ledger.is_idle:
            use = {(each.instance_id, each.process.launch_id): each.use for each in guards}
            self._ledger.put(write_use, {key: dict(told) for key, told in use.items()})

    def _forget(self, guard: Guard) -> None:
        """The kernel may have ended it for its memory before we looked."""
        self._guards.discard(guard)
        if guard.process.over_memory:
            guard.refused("plugin.over_limit", guard.process.end)


def confinement_of(wanted: Wanted) -> Confinement | None:
    """What is to be around its processes; None when its manifest cannot be used. Blocks the first time."""
    try:
        manifest = manifests.parse(wanted.manifest)
    except InvalidManifest:
        return None
    machine = isolation.machine()
    return isolation.confinement(manifest, wanted.trust, machine, wanted.allowed_hosts)


def taken_back(process: PluginProcess, wanted: Wanted) -> None:
    """Find again what an earlier supervisor put around it."""
    around, confined = process.around, confinement_of(wanted)
    if around.pump is not None or confined is None:
        return
    manifest = manifests.parse(wanted.manifest)
    if (reading := pump.found(process.pid)) is not None:
        path = places.log_file(wanted.plugin, wanted.ordinal)
        around.pump = pump.Pump(reading, path, manifest.logging.bytes_per_second)
    around.group = cgroups.found(process.launch_id, confined.folders)
    around.memory_bytes = confined.memory_bytes
    if has_door(confined):
        around.door = taken_door(process.pid)
    process.isolation = confined.told()


def _allowed(confined: Confinement) -> Allowed:
    is_local = confined.network == LOOPBACK
    strict = confined.trust in (PUBLIC, VERIFIED)
    return Allowed(confined.hosts, is_local, strict, _our_ports())


def _our_ports() -> frozenset[int]:
    database = connections["default"].settings_dict.get("PORT")
    found = {int(database)} if database else set()
    with suppress(ValueError):
        found |= {urlsplit(settings.REDIS_URL).port or 6379}
    return frozenset(found)


def _looked(guards: Iterable[Guard], at_disk: bool) -> list[tuple[Guard, str]]:
    looks = ((guard, guard.look(at_disk=at_disk)) for guard in guards)
    return [(guard, reason) for guard, reason in looks if reason]


def _memory(leader: int) -> int:
    """Of its whole process group: what each has for itself, and its share of what they share."""
    total = 0
    for pid in group_members(leader):
        with suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(text.split("Pss:")[1].split()[0]) * 1024
    return total


def _disk(folder: Path) -> tuple[int, int]:
    """Bytes that its files take, links not followed, and how many names there are, folders too."""
    total = counted = 0
    for place, folders, names in os.walk(folder):
        for name in (*names, *folders):
            with suppress(OSError):
                total += os.lstat(f"{place}/{name}").st_blocks * 512
        counted += len(names) + len(folders)
        if counted > MOST_FILES:
            break
    return total, counted


def _mb(number: int) -> str:
    return f"{number / 1e6:.0f} MB"
