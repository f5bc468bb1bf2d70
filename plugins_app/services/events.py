"""What happened, and that it did: events of plugins and the signals after commit."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from plugins_app.models import Plugin, PluginEvent, PluginInstance
from plugins_app.signals import instance_changed, plugin_changed, plugin_event_recorded


def record_event(
    plugin: Plugin,
    instance: PluginInstance | None,
    type: str,
    message: str,
    data: dict[str, Any] | None = None,
    time: datetime | None = None,
) -> PluginEvent:
    """Write down what happened to a plugin or one of its processes, now or at `time`."""
    event = PluginEvent.objects.create(
        plugin=plugin,
        instance=instance,
        type=type,
        message=message,
        data=data or {},
        time=time or timezone.now(),
    )
    transaction.on_commit(partial(plugin_event_recorded.send_robust, PluginEvent, event=event))
    return event


def tell_plugin(plugin: Plugin) -> None:
    transaction.on_commit(partial(plugin_changed.send_robust, Plugin, plugin=plugin))


def tell_instance(instance: PluginInstance) -> None:
    transaction.on_commit(partial(instance_changed.send_robust, PluginInstance, instance=instance))
