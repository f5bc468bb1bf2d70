"""Every three seconds: ask each process how it is (which renews its lease), measure it, tell of the node."""

import asyncio
import logging
import os
from typing import Any, Final
from uuid import UUID

import psutil
from django.conf import settings
from django.utils import timezone

from plugins_app import manifest as manifests
from plugins_app.client.shapes import Health
from plugins_app.errors import CallFailed, InvalidManifest
from plugins_app.manifest import HealthCheck
from plugins_app.process import PluginProcess
from plugins_app.process.identity import boot_id
from plugins_app.services import marks
from plugins_app.services.samples import Sample, write_samples
from plugins_app.supervisor.hands import LEASE_SECONDS, Hands, target_of
from plugins_app.supervisor.slot import Slot
from plugins_app.supervisor.vitals import ROUND_SECONDS
from registry.services import heartbeat_node

log = logging.getLogger(__name__)
ANSWER_SECONDS: Final = 2.5  # whatever a manifest says: a round must end before the next one


class Rounds:
    """Never waits for rows: while Postgres is away the figures of a round are dropped, the leases renewed."""

    def __init__(self, node: str, slots: dict[Any, Slot], hands: Hands) -> None:
        self._node = node
        self._slots = slots
        self._hands = hands
        self._meters: dict[int, psutil.Process] = {}
        self._rules: dict[UUID, HealthCheck] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self.round()
            due = max(due + ROUND_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())

    async def round(self) -> None:
        """One round over all processes at once."""
        checks = [
            self._check(slot, process)
            for slot in self._slots.values()
            for process in list(slot.alive)
        ]
        samples = [sample for sample in await asyncio.gather(*checks) if sample is not None]
        self._forget_meters()
        if self._hands.ledger.is_idle:
            self._hands.ledger.put(write_samples, samples)
            self._hands.ledger.put(heartbeat_node, self._node, node_figures())

    async def _check(self, slot: Slot, process: PluginProcess) -> Sample | None:
        target, rule = target_of(slot.wanted, process), self._rule(slot)
        try:
            health = await self._hands.lifecycle.health(
                target, lease_seconds=LEASE_SECONDS, timeout=min(rule.timeout, ANSWER_SECONDS)
            )
        except CallFailed as error:
            if process is slot.process and not process.exited.is_set():
                self._act(slot, slot.vitals.missed(str(error), rule))
            return None
        told = await self._hands.certificates.keep(target, process)  # a standby's, too
        if process is not slot.process or process.exited.is_set():
            return None
        slot.vitals.answered(health)
        if told:
            self._hands.ledger.put(marks.mark_reason, slot.wanted.instance_id, told)
        return self._measure(slot, process, health)

    def _rule(self, slot: Slot) -> HealthCheck:
        """What its manifest says of health; read once, since reading takes as long as a health check."""
        release = slot.wanted.release_id
        if release not in self._rules:
            used = {each.wanted.release_id for each in self._slots.values()}
            self._rules = {key: rule for key, rule in self._rules.items() if key in used}
            self._rules[release] = _health_check(slot.wanted.manifest)
        return self._rules[release]

    def _act(self, slot: Slot, trouble: str) -> None:
        if trouble:
            slot.trouble(trouble)

    def _measure(self, slot: Slot, process: PluginProcess, health: Health) -> Sample:
        rss, cpu, files = self._meter(process.pid)
        return Sample(
            instance_id=slot.wanted.instance_id,
            launch_id=process.launch_id,
            rss_bytes=rss,
            cpu_percent=cpu,
            open_files=files,
            in_flight=health.in_flight,
            in_flight_average=health.in_flight_average,
            messages_total=health.messages_total,
            errors_total=health.errors_total,
            sampled=timezone.now(),
        )

    def _meter(self, pid: int) -> tuple[int | None, float | None, int | None]:
        """The processor's share is since the last round, so the same meter is asked again."""
        try:
            if pid not in self._meters:
                self._meters[pid] = psutil.Process(pid)
            meter = self._meters[pid]
            with meter.oneshot():
                return meter.memory_info().rss, meter.cpu_percent(), meter.num_fds()
        except psutil.Error:
            return None, None, None

    def _forget_meters(self) -> None:
        alive = {process.pid for slot in self._slots.values() for process in slot.alive}
        self._meters = {pid: meter for pid, meter in self._meters.items() if pid in alive}


def _health_check(manifest: dict[str, Any]) -> HealthCheck:
    try:
        return manifests.parse(manifest).health
    except InvalidManifest:  # then it does not run either
        return HealthCheck()


def node_figures() -> dict[str, Any]:
    """This machine, for its row."""
    memory = psutil.virtual_memory()
    return {
        "boot_id": boot_id(),
        "cpus": psutil.cpu_count() or 1,
        "memory_bytes": memory.total,
        "cpu_percent": psutil.cpu_percent(),
        "memory_used_bytes": memory.total - memory.available,
        "version": settings.VERSION,
        "supervisor_pid": os.getpid(),
    }
