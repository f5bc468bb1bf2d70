"""The only signal receivers of AgentX: what happened below is counted and shown, nothing else follows from it."""

from typing import Any

from django.dispatch import receiver

from monitoring import frames, metrics
from monitoring.broadcast import frame, gather
from monitoring.frames import Kind
from plugins_app.models import Plugin, PluginEvent, PluginInstance, Preparation, ScalingDecision
from plugins_app.signals import (
    instance_changed,
    log_lines_written,
    plugin_changed,
    plugin_event_recorded,
    preparation_changed,
    scaling_decided,
)
from registry.models import Agent, Node
from registry.signals import agent_changed, node_changed
from routing.signals import PushChanged, TaskChanged, push_changed, tasks_changed
from security.models import AuditEvent
from security.signals import audit_recorded


@receiver(audit_recorded)
def show_audit(sender: object, event: AuditEvent, **_: Any) -> None:
    metrics.audit_events_total.labels(event.action, event.outcome).inc()
    frame(Kind.AUDIT, frames.of_audit(event))


@receiver(agent_changed)
def show_agent(sender: object, agent: Agent, **_: Any) -> None:
    frame(Kind.AGENT, frames.of_agent(agent))


@receiver(node_changed)
def show_node(sender: object, node: Node, **_: Any) -> None:
    frame(Kind.NODE, frames.of_node(node))


@receiver(plugin_changed)
def show_plugin(sender: object, plugin: Plugin, **_: Any) -> None:
    frame(Kind.PLUGIN, frames.of_plugin(plugin))


@receiver(instance_changed)
def show_process(sender: object, instance: PluginInstance, **_: Any) -> None:
    frame(Kind.PROCESS, frames.of_process(instance))


@receiver(plugin_event_recorded)
def show_plugin_event(sender: object, event: PluginEvent, **_: Any) -> None:
    metrics.plugin_events_total.labels(event.plugin.slug, event.type).inc()
    frame(Kind.PLUGIN_EVENT, frames.of_plugin_event(event))


@receiver(preparation_changed)
def show_preparation(sender: object, preparation: Preparation, **_: Any) -> None:
    frame(Kind.PREPARATION, frames.of_preparation(preparation))


@receiver(scaling_decided)
def show_scaling(sender: object, decision: ScalingDecision, **_: Any) -> None:
    direction = "up" if decision.after > decision.before else "down"
    metrics.scaling_decisions_total.labels(decision.plugin.slug, direction).inc()
    frame(Kind.SCALING, frames.of_scaling(decision))


@receiver(log_lines_written)
def show_log_lines(
    sender: object, plugin_slug: str, instance_id: str, lines: list[dict[str, Any]], **_: Any
) -> None:
    data = {"plugin": plugin_slug, "process": str(instance_id), "lines": lines}
    frame(Kind.LOG, data, subject=plugin_slug)


@receiver(tasks_changed)
def count_tasks(sender: object, changes: list[TaskChanged], **_: Any) -> None:
    for change in changes:
        metrics.count_task(change)
    gather(Kind.TASKS, [frames.of_task(change) for change in changes])


@receiver(push_changed)
def count_push(sender: object, change: PushChanged, **_: Any) -> None:
    metrics.push_deliveries_total.labels(change.outcome).inc()
    gather(Kind.PUSH, [frames.of_push(change)])
