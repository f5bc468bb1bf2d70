"""Plugins, what was installed of them, and their processes. `desired_*` is what is wanted; the rest is what is."""

from plugins_app.models.plugins import MAX_REPLICAS, HostedAgent, Plugin, PluginRelease
from plugins_app.models.processes import PluginEvent, PluginInstance
from plugins_app.models.scaling import AutoscalePolicy, ScalingDecision

__all__ = [
    "MAX_REPLICAS",
    "AutoscalePolicy",
    "HostedAgent",
    "Plugin",
    "PluginEvent",
    "PluginInstance",
    "PluginRelease",
    "ScalingDecision",
]
