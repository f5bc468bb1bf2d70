"""Plugins, what was installed of them, and their processes. `desired_*` is what is wanted; the rest is what is."""

from plugins_app.models.config import ConfigRevision, PluginSecret
from plugins_app.models.hosted import AgentSecret, HostedAgent, RemovedAgent
from plugins_app.models.joining import FIRST_ELSEWHERE, JoinToken
from plugins_app.models.market import (
    Package,
    PackageFile,
    PackageRating,
    PackageReview,
    PublisherKey,
)
from plugins_app.models.plugins import MAX_REPLICAS, MAX_STANDBY, Plugin
from plugins_app.models.processes import PluginEvent, PluginInstance
from plugins_app.models.releases import PluginRelease, Preparation
from plugins_app.models.scaling import AutoscalePolicy, ScalingDecision

__all__ = [
    "FIRST_ELSEWHERE",
    "MAX_REPLICAS",
    "MAX_STANDBY",
    "AgentSecret",
    "AutoscalePolicy",
    "ConfigRevision",
    "HostedAgent",
    "JoinToken",
    "Package",
    "PackageFile",
    "PackageRating",
    "PackageReview",
    "Plugin",
    "PluginEvent",
    "PluginInstance",
    "PluginRelease",
    "PluginSecret",
    "Preparation",
    "PublisherKey",
    "RemovedAgent",
    "ScalingDecision",
]
