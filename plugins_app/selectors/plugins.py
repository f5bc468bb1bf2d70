"""Questions about plugins. `access_plugin` is the one door to a plugin."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from plugins_app.client.target import Target
from plugins_app.errors import PluginNotFound
from plugins_app.models import FIRST_ELSEWHERE, HostedAgent, Plugin, PluginEvent, PluginInstance
from plugins_app.states import SERVING
from security import permissions
from security.crypto import SealBroken, unseal
from security.principals import Principal


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """A process that messages may go to, and the agents it hosts."""

    plugin_slug: str
    plugin_state: str
    agents: tuple[str, ...]
    target: Target
    state: str  # running or degraded


def current_instances() -> QuerySet[PluginInstance]:
    """The processes that are, or are wanted; not the slots that were given up."""
    return PluginInstance.objects.exclude(
        Q(state=PluginInstance.State.EXITED) & Q(wanted=False)
    ).order_by("plugin", "ordinal")


def plugins(principal: Principal) -> QuerySet[Plugin]:
    """All plugins, each with its processes (`current`) and its hosted agents."""
    principal.require(permissions.PLUGINS_VIEW)
    instances = current_instances().select_related("node")
    return Plugin.objects.select_related("release").prefetch_related(
        Prefetch("instances", instances, to_attr="current"),
        Prefetch("hosted_agents", HostedAgent.objects.select_related("agent")),
    )


def access_plugin(principal: Principal, ref: str | UUID) -> Plugin:
    """By name or id. Raises `PluginNotFound`."""
    plugin = plugins(principal).filter(by_ref(ref)).first()
    if plugin is None:
        raise PluginNotFound(_("There is no plugin %(ref)r.") % {"ref": str(ref)[:100]})
    return plugin


def by_ref(ref: str | UUID) -> Q:
    """A name or an id as a filter."""
    try:
        return Q(id=ref if isinstance(ref, UUID) else UUID(ref))
    except ValueError:
        return Q(slug=ref)


def instances_of(plugin: Plugin) -> QuerySet[PluginInstance]:
    return current_instances().filter(plugin=plugin).select_related("node", "release")


def is_behind(plugin: Plugin) -> bool:
    """Whether a process is still what an earlier generation wanted."""
    ours = plugin.instances.filter(wanted=True, ordinal__lt=FIRST_ELSEWHERE)
    return ours.filter(generation__lt=plugin.generation).exists()


def is_held_back(plugin: Plugin) -> bool:
    """Whether its reload strategy has processes wait for an operator, or for a quiet moment, before they change over."""
    patient = plugin.reload in (Plugin.Reload.MANUAL, Plugin.Reload.ON_IDLE)
    if not patient or plugin.desired == Plugin.Desired.STOPPED:
        return False
    return plugin.asked_generation < plugin.generation and is_behind(plugin)


def config_of(principal: Principal, ref: str | UUID) -> dict[str, Any]:
    """Only for who may change it: there may be secrets in it."""
    principal.require(permissions.PLUGINS_MANAGE)
    config: dict[str, Any] = access_plugin(principal, ref).config
    return config


def events_of(principal: Principal, ref: str | UUID) -> QuerySet[PluginEvent]:
    """Newest first."""
    plugin = access_plugin(principal, ref)
    return plugin.events.select_related("instance").order_by("-time", "-id")


def latest_events(principal: Principal) -> QuerySet[PluginEvent]:
    """What happened to any plugin, newest first."""
    principal.require(permissions.PLUGINS_VIEW)
    return PluginEvent.objects.select_related("plugin", "instance").order_by("-time", "-id")


def target_of(instance: PluginInstance) -> Target:
    """Where its process is called. The token is there only when somebody else launched it."""
    token = ""
    with suppress(SealBroken):  # then this one turns our calls away, and no other is touched
        token = unseal(instance.token_sealed)
    return Target(str(instance.id), instance.address, str(instance.launch_id), token)


def has_agent(instance: PluginInstance, slug: str) -> bool:
    """Whether its process could make it; one from before that was written down has all."""
    if not instance.agents:
        return True
    held = instance.agents.get(slug)
    return held is not None and not held["trouble"]


def live_targets() -> list[LiveTarget]:
    """Every process that can take messages, for the route table. Two queries."""
    hosted: defaultdict[UUID, list[str]] = defaultdict(list)
    pairs = HostedAgent.objects.filter(agent__retired__isnull=True)
    for plugin_id, slug in pairs.values_list("plugin_id", "agent__slug"):
        hosted[plugin_id].append(slug)
    serving = PluginInstance.objects.filter(state__in=SERVING).select_related("plugin")
    return [
        LiveTarget(
            plugin_slug=each.plugin.slug,
            plugin_state=each.plugin.state,
            agents=tuple(slug for slug in hosted[each.plugin_id] if has_agent(each, slug)),
            target=target_of(each),
            state=each.state,
        )
        for each in serving.order_by("plugin", "ordinal")
    ]
