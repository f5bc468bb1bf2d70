"""What others may want to know of plugins. Sent after commit; received only in monitoring.receivers."""

from django.dispatch import Signal

plugin_changed = Signal()  # plugin: Plugin
instance_changed = Signal()  # instance: PluginInstance
plugin_event_recorded = Signal()  # event: PluginEvent
scaling_decided = Signal()  # decision: ScalingDecision
log_lines_written = Signal()  # plugin_slug: str, instance_id: str, lines: list[dict[str, str]]
preparation_changed = Signal()  # preparation: Preparation
