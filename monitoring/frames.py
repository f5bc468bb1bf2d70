"""What a live frame says of a row: plain values, so that a page needs no query to show them.

A frame on the wire is `{"kind": "plugin", "time": "2026-11-20T06:30:00.000000+00:00", "data": {…}}`;
frames of kind `metrics` also carry `seq`.
"""

from enum import StrEnum
from typing import Any

from monitoring.models import Alert
from plugins_app.models import Plugin, PluginEvent, PluginInstance, Preparation, ScalingDecision
from registry.models import Agent, Node
from routing.signals import PushChanged, TaskChanged
from security.models import AuditEvent


class Kind(StrEnum):
    METRICS = "metrics"
    AGENT = "agent"
    NODE = "node"
    PLUGIN = "plugin"
    PROCESS = "process"
    PLUGIN_EVENT = "plugin_event"
    PREPARATION = "preparation"
    SCALING = "scaling"
    AUDIT = "audit"
    ALERT = "alert"
    TASKS = "tasks"
    PUSH = "push"
    LOG = "log"


def of_agent(agent: Agent) -> dict[str, Any]:
    return {
        "id": str(agent.id),
        "slug": agent.slug,
        "name": agent.name,
        "state": agent.state,
        "source": agent.source,
        "is_open": agent.is_open,
        "retired": agent.retired and agent.retired.isoformat(),
    }


def of_node(node: Node) -> dict[str, Any]:
    return {
        "id": str(node.id),
        "name": node.name,
        "state": node.state,
        "cpu_percent": node.cpu_percent,
        "memory_used_bytes": node.memory_used_bytes,
        "memory_bytes": node.memory_bytes,
        "heartbeat": node.heartbeat and node.heartbeat.isoformat(),
    }


def of_plugin(plugin: Plugin) -> dict[str, Any]:
    return {
        "id": str(plugin.id),
        "slug": plugin.slug,
        "state": plugin.state,
        "reason": plugin.reason,
        "desired": plugin.desired,
        "desired_replicas": plugin.desired_replicas,
    }


def of_process(instance: PluginInstance) -> dict[str, Any]:
    return {
        "id": str(instance.id),
        "plugin": instance.plugin.slug,
        "ordinal": instance.ordinal,
        "state": instance.state,
        "reason": instance.reason,
        "pid": instance.pid,
        "restarts": instance.restarts,
        "rss_bytes": instance.rss_bytes,
        "cpu_percent": instance.cpu_percent,
        "open_files": instance.open_files,
        "in_flight": instance.in_flight,
        "started": instance.started and instance.started.isoformat(),
    }


def of_plugin_event(event: PluginEvent) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "plugin": event.plugin.slug,
        "process": event.instance_id and str(event.instance_id),
        "type": event.type,
        "message": event.message,
        "time": event.time.isoformat(),
    }


def of_preparation(row: Preparation) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "plugin": row.release.plugin.slug,
        "release": str(row.release_id),
        "version": row.release.version,
        "node": row.node.name,
        "state": row.state,
        "progress": row.progress,
        "reason": row.reason,
    }


def of_scaling(decision: ScalingDecision) -> dict[str, Any]:
    return {
        "id": str(decision.id),
        "plugin": decision.plugin.slug,
        "before": decision.before,
        "after": decision.after,
        "in_flight": decision.in_flight,
        "target_in_flight": decision.target_in_flight,
        "reason": decision.reason,
        "time": decision.time.isoformat(),
    }


def of_audit(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "time": event.time.isoformat(),
        "actor": event.actor_label,
        "action": event.action,
        "target_type": event.target_type,
        "target": event.target,
        "outcome": event.outcome,
    }


def of_alert(alert: Alert, *, dropped: bool = False) -> dict[str, Any]:
    """`dropped`: it was pending, did not last, and is gone."""
    return {
        "id": str(alert.id),
        "rule": alert.rule.name,
        "severity": alert.rule.severity,
        "subject": alert.subject,
        "state": alert.state,
        "value": alert.value,
        "since": alert.since.isoformat(),
        "dropped": dropped,
    }


def of_push(change: PushChanged) -> dict[str, Any]:
    return {"task": change.task_id, "event": change.seq, "outcome": change.outcome}


def of_task(change: TaskChanged) -> dict[str, Any]:
    return {
        "task": change.task_id,
        "agent": change.agent_slug,
        "state": change.state,
        "opened": change.opened,
        "closed": change.closed,
        "seconds": change.seconds,
    }
