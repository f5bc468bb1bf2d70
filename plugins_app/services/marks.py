"""What a supervisor writes down about the processes of its node."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from plugins_app.models import (
    FIRST_ELSEWHERE,
    Plugin,
    PluginEvent,
    PluginInstance,
    PluginRelease,
)
from plugins_app.services.events import record_event, tell_instance
from plugins_app.services.guarding import record_refusal
from plugins_app.services.placement import place
from plugins_app.services.settling import settle

State = PluginInstance.State
Type = PluginEvent.Type
NO_PROCESS: dict[str, Any] = {
    "pid": None,
    "process_started": None,
    "address": "",
    "ready": None,
    "rss_bytes": None,
    "cpu_percent": None,
    "open_files": None,
    "isolation": {},
    "certificate_expires": None,
    "token_sealed": "",
    "agents": {},
    "in_flight": 0,
    "in_flight_average": 0.0,
}


@dataclass(frozen=True, slots=True)
class Running:
    """A process that is ready for messages."""

    pid: int
    process_started: int
    boot_id: str
    executable: str
    launch_id: str
    address: str
    contract: int
    generation: int
    release_id: UUID
    revision: int = 0
    agents: dict[str, Any] = field(default_factory=dict)  # as rows have them
    model_mark: str = ""
    isolation: dict[str, Any] = field(default_factory=dict)
    certificate_expires: datetime | None = None
    token_sealed: str = ""  # of a process that was started by hand
    loaded: datetime | None = None  # when its handshake came
    initialized: datetime | None = None  # when it had its configuration and its agents


def mark_starting(instance_id: UUID) -> None:
    fields = {"state": State.STARTING, "started": timezone.now(), "backoff_until": None}
    _mark(instance_id, Type.STARTED, "", fields | NO_PROCESS)


@transaction.atomic
def mark_running(instance_id: UUID, process: Running, *, restarted: bool) -> None:
    """It has its agents and may be sent messages."""
    now = timezone.now()
    fields = _process_fields(process) | {"state": State.RUNNING, "reason": "", "ready": now}
    before = PluginInstance.objects.select_related("plugin").filter(id=instance_id).first()
    # Who takes over from a process that still runs was never marked as starting.
    others = PluginInstance.objects.filter(id=instance_id, pid__isnull=False)
    takes_over = others.exclude(launch_id=process.launch_id).exists()
    if takes_over:
        fields["started"] = now
    _record_birth(before, process)
    _mark(instance_id, Type.READY, f"pid {process.pid}", fields, restarted=restarted)
    if takes_over:
        _record_reload(instance_id)


def _record_birth(row: PluginInstance | None, process: Running) -> None:
    """How it came to be, each at its time."""
    if row is None:
        return
    release = PluginRelease.objects.filter(id=process.release_id).first()
    version = release.version if release else ""
    data = {"ordinal": row.ordinal, "pid": process.pid, "version": version}
    for type_, time in ((Type.LOADED, process.loaded), (Type.INITIALIZED, process.initialized)):
        if time is not None:
            record_event(row.plugin, row, type_, f"pid {process.pid}", data, time)


def _record_reload(instance_id: UUID) -> None:
    """Say once that every process is of the newest generation."""
    plugin = Plugin.objects.filter(instances=instance_id).first()
    if plugin is None:
        return
    rows = plugin.instances.filter(wanted=True, ordinal__lt=FIRST_ELSEWHERE)
    if rows.exclude(generation=plugin.generation).exists():
        return
    data = {"generation": plugin.generation, "processes": rows.count()}
    record_event(plugin, None, Type.RELOADED, f"generation {plugin.generation}", data)


def mark_adopted(instance_id: UUID, process: Running) -> None:
    """It outlived its supervisor and was taken back."""
    fields = _process_fields(process) | {"state": State.RUNNING, "reason": ""}
    _mark(instance_id, Type.ADOPTED, f"pid {process.pid}", fields)


def mark_attached(instance_id: UUID, process: Running) -> None:
    """One that was started by hand takes its messages."""
    now = timezone.now()
    fields = _process_fields(process) | {"state": State.RUNNING, "reason": "", "ready": now}
    fields["started"] = now
    _mark(instance_id, Type.ATTACHED, f"pid {process.pid}", fields)


def mark_lost(instance_id: UUID, reason: str) -> None:
    """It could not be taken back after a restart of the supervisor."""
    fields: dict[str, Any] = {"state": State.STARTING, "reason": reason}
    _mark(instance_id, Type.EXITED, reason, fields | NO_PROCESS)


def mark_degraded(instance_id: UUID, reason: str) -> None:
    fields = {"state": State.DEGRADED, "reason": reason}
    _mark(instance_id, Type.DEGRADED, reason, fields, only_from=(State.RUNNING,))


def mark_recovered(instance_id: UUID) -> None:
    fields = {"state": State.RUNNING, "reason": ""}
    _mark(instance_id, Type.READY, "recovered", fields, only_from=(State.DEGRADED,))


def mark_reason(instance_id: UUID, reason: str) -> None:
    """It goes on as it is, with something an operator should know."""
    _mark(instance_id, Type.DEGRADED, reason, {"reason": reason})


def mark_waiting(instance_id: UUID, reason: str) -> None:
    """It is not started before something else has come; no event, for the reason may change every second."""
    _mark(instance_id, None, reason, {"state": State.STARTING, "reason": reason} | NO_PROCESS)


def mark_configured(instance_id: UUID, revision: int) -> None:
    """It took a new configuration while it ran."""
    message = f"revision {revision} is in force, without a restart"
    _mark(instance_id, Type.CONFIGURED, message, {"revision": revision})


def mark_agents(instance_id: UUID, agents: dict[str, Any]) -> None:
    """What it made of the agents that it is to have."""
    _mark(instance_id, None, "", {"agents": agents})


def mark_renumbered(instance_id: UUID, generation: int) -> None:
    """It is what a newer generation wants, too: it stays, and what was said of another does not."""
    fields: dict[str, Any] = {"generation": generation}
    recent = Plugin.objects.filter(instances=instance_id, retry_after__gt=timezone.now())
    if not recent.exists():  # else the reason says that it was rolled back
        fields["reason"] = ""
    _mark(instance_id, None, "", fields)


def mark_standbys(instance_id: UUID, pids: list[int]) -> None:
    """The warm processes that would take its place."""
    _mark(instance_id, None, "", {"standbys": pids})


def mark_event(
    instance_id: UUID, type: PluginEvent.Type, message: str, data: dict[str, Any] | None = None
) -> None:
    """Something happened to it that changes nothing in its row."""
    _mark(instance_id, type, message, {}, data=data)


def mark_draining(instance_id: UUID, reason: str) -> None:
    _mark(instance_id, Type.DRAINING, reason, {"state": State.DRAINING, "reason": reason})


def mark_exited(instance_id: UUID, reason: str) -> None:
    """It ended as it was told to."""
    fields: dict[str, Any] = {"state": State.EXITED, "reason": reason, "failures": []}
    _mark(instance_id, Type.EXITED, reason, fields | NO_PROCESS)


def mark_failed(
    instance_id: UUID, reason: str, failures: Sequence[float], delay: float, log_tail: list[str]
) -> None:
    """It ended unasked or did not start; it is started again after `delay` seconds."""
    fields: dict[str, Any] = {
        "state": State.BACKOFF if delay else State.STARTING,
        "backoff_until": timezone.now() + timedelta(seconds=delay) if delay else None,
        "reason": reason,
        "failures": list(failures),
        "log_tail": log_tail,
    }
    type_ = Type.BACKOFF if delay else Type.EXITED
    _mark(instance_id, type_, reason, fields | NO_PROCESS, data={"delay": round(delay, 2)})


def mark_fatal(
    instance_id: UUID, reason: str, failures: Sequence[float], log_tail: list[str]
) -> None:
    """It failed too often: nothing happens until an operator says start or restart."""
    fields: dict[str, Any] = {
        "state": State.FATAL,
        "reason": reason,
        "failures": list(failures),
        "log_tail": log_tail,
    }
    data = {"failures": len(failures)}
    _mark(instance_id, Type.FATAL, reason, fields | NO_PROCESS, data=data)


@transaction.atomic
def mark_tampered(instance_id: UUID, reason: str, *, stops: bool) -> None:
    """What was installed was changed since: refused, and (`stops`) nothing of it runs."""
    if stops:
        mark_fatal(instance_id, reason, (), [])
    record_refusal(instance_id, "plugin.started", reason, {})


@transaction.atomic
def _mark(
    instance_id: UUID,
    event: PluginEvent.Type | None,
    message: str,
    fields: dict[str, Any],
    *,
    data: dict[str, Any] | None = None,
    restarted: bool = False,
    only_from: tuple[str, ...] = (),
) -> None:
    """One change of one process, with all that follows. A process whose row is gone leaves no trace."""
    plugin = Plugin.objects.select_for_update().filter(instances=instance_id).first()
    instance = PluginInstance.objects.select_related("node").filter(id=instance_id).first()
    if plugin is None or instance is None or (only_from and instance.state not in only_from):
        return
    for name, value in fields.items():
        setattr(instance, name, value)
    instance.restarts += restarted
    instance.save(update_fields=[*fields, "restarts"])
    if event is not None:
        told = {"ordinal": instance.ordinal, "node": instance.node.name, **(data or {})}
        record_event(plugin, instance, event, message, told)
    tell_instance(instance)
    if instance.state == State.EXITED:
        place(plugin)  # it may be wanted again by now
    settle(plugin)


def _process_fields(process: Running) -> dict[str, Any]:
    return {
        "pid": process.pid,
        "process_started": process.process_started,
        "boot_id": process.boot_id,
        "executable": process.executable,
        "launch_id": process.launch_id,
        "address": process.address,
        "contract": process.contract,
        "generation": process.generation,
        "release_id": process.release_id,
        "revision": process.revision,
        "agents": process.agents,
        "model_digest": process.model_mark,
        "isolation": process.isolation,
        "certificate_expires": process.certificate_expires,
        "token_sealed": process.token_sealed,
        "backoff_until": None,
    }
