"""The agents that people make of a plugin, and what they change of those in its plugin.yaml."""

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app import configuration
from plugins_app import manifest as manifests
from plugins_app.configuration import secrets
from plugins_app.errors import AgentTaken, ConfigChanged, HostedAgentNotFound, InvalidConfig
from plugins_app.manifest import Manifest
from plugins_app.models import AgentSecret, HostedAgent, Plugin, PluginEvent, RemovedAgent
from plugins_app.selectors.agents import agent_candidate, agent_config
from plugins_app.selectors.config import Candidate
from plugins_app.services.events import record_event
from plugins_app.services.hosting import entries_of, entry_of, publish
from plugins_app.services.operation import follow
from plugins_app.services.settling import lock_plugin
from registry.models import Agent
from registry.services import retire_agent
from security import audit, crypto, permissions
from security.errors import Conflict, InvalidInput
from security.principals import Principal, system

Json = dict[str, Any]
Origin: Final = HostedAgent.Origin
Type: Final = PluginEvent.Type
UNDO_SECONDS: Final = 30.0
RESERVED: Final = frozenset({"check", "new"})  # the API and the console have doors of these names
MOST_AGENTS: Final = 200  # of one plugin
MAX_NAME: Final = 200
MAX_DESCRIPTION: Final = 4000
ADDRESS: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")  # as a plugin.yaml has it


@transaction.atomic
def add_agent(
    principal: Principal,
    ref: str | UUID,
    *,
    slug: str,
    config: Json,
    name: str = "",
    description: str = "",
) -> HostedAgent:
    """Have the plugin host one more. Its processes make it as they run; its secrets are sealed.

    Raises `AgentTaken`, `InvalidInput` for a bad address, `InvalidConfig` that names every field.
    """
    plugin = _locked(principal, ref)
    manifest = _manifest(plugin)
    _check_words(slug, name, description)
    _require_room(plugin, slug)
    found = _fitting(agent_candidate(plugin, None, config))
    entry = entry_of(slug, name, description, manifest)
    hosted = publish(_publisher(principal), plugin, entry, manifest)
    if (removed := plugin.removed_agents.filter(slug=slug).first()) is not None:
        hosted.revision = removed.told["revision"]  # so that no process takes it for the one before
        removed.delete()
    hosted.origin, hosted.name, hosted.description = Origin.PERSON, name, description
    hosted.author = principal.label[:200]
    _write(hosted, found)
    _tell(principal, plugin, hosted, Type.AGENT_ADDED, "agent.added")
    return _followed(plugin, hosted)


@transaction.atomic
def change_agent(
    principal: Principal,
    ref: str | UUID,
    slug: str,
    *,
    name: str | None = None,
    description: str | None = None,
    config: Json | None = None,
    base: int | None = None,
) -> HostedAgent:
    """Tell it to be otherwise; what is None stays. Conversations go on.

    The same again changes nothing, unless it could not be made: then that is tried anew. Raises `HostedAgentNotFound`,
    `InvalidConfig`, and `ConfigChanged` when it is no longer at revision `base`.
    """
    plugin = _locked(principal, ref)
    hosted = _hosted(plugin, slug)
    if base is not None and base != hosted.revision:
        raise ConfigChanged(_who_came_first(hosted, base), fields={"base": _("is not the newest")})
    before = {"revision": hosted.revision}
    _check_words(slug, name or "", description or "")
    told = agent_config(hosted) if config is None else config
    found = _fitting(agent_candidate(plugin, hosted, told))
    words = (hosted.name, hosted.description)
    hosted.name = hosted.name if name is None else name
    hosted.description = hosted.description if description is None else description
    is_same = words == (hosted.name, hosted.description)
    is_same = is_same and configuration.same(agent_config(hosted), found.sealed)
    if is_same and hosted.failed_revision is None:
        return hosted
    hosted.author = principal.label[:200]
    _write(hosted, found)
    if words != (hosted.name, hosted.description):
        _publish(principal, plugin, hosted)
    fields = [change.path for change in found.changes]  # names only: a value may be a secret
    _tell(principal, plugin, hosted, Type.AGENT_CHANGED, "agent.changed", before, changed=fields)
    return _followed(plugin, hosted)


@transaction.atomic
def reset_agent(principal: Principal, ref: str | UUID, slug: str) -> HostedAgent:
    """Let an agent of plugin.yaml be as that has it again, now and after each upgrade. Raises `Conflict` for people's."""
    plugin = _locked(principal, ref)
    hosted = _hosted(plugin, slug)
    if slug not in _named(_manifest(plugin)):
        told = _("%(agent)s is not in the plugin.yaml of %(plugin)s: change it, or remove it.")
        raise Conflict(told % {"agent": slug, "plugin": plugin.slug})
    before, words = {"revision": hosted.revision}, (hosted.name, hosted.description)
    _reset(hosted)
    if words != (hosted.name, hosted.description):
        _publish(principal, plugin, hosted)
    _tell(principal, plugin, hosted, Type.AGENT_CHANGED, "agent.reset", before)
    return _followed(plugin, hosted)


@transaction.atomic
def remove_agent(principal: Principal, ref: str | UUID, slug: str) -> None:
    """Retire an agent that somebody made; its tasks stay. `restore_agent` undoes it for `UNDO_SECONDS`.

    Raises `Conflict` for one of plugin.yaml.
    """
    plugin = _locked(principal, ref)
    hosted = _hosted(plugin, slug)
    if hosted.origin != Origin.PERSON:
        told = _("%(agent)s comes with %(plugin)s, and goes when that is uninstalled.")
        raise Conflict(told % {"agent": slug, "plugin": plugin.slug})
    _keep_for_undo(plugin, hosted)
    _tell(principal, plugin, hosted, Type.AGENT_REMOVED, "agent.removed")
    if slug in _named(_manifest(plugin)):  # by now plugin.yaml has one of this name, too
        hosted.origin = Origin.MANIFEST
        _reset(hosted)
        _publish(principal, plugin, hosted)
    else:
        retire_agent(_publisher(principal), slug)
        hosted.delete()
    follow(plugin)


@transaction.atomic
def restore_agent(principal: Principal, ref: str | UUID, slug: str) -> HostedAgent:
    """Undo `remove_agent`. Raises `HostedAgentNotFound` once it is too late, `AgentTaken` when its address is taken."""
    plugin = _locked(principal, ref)
    _forget_removed(plugin)
    row = plugin.removed_agents.filter(slug=slug).first()
    if row is None:
        told = _("%(agent)s was not removed from %(plugin)s within the last %(seconds)d s.")
        names = {"agent": slug[:100], "plugin": plugin.slug, "seconds": UNDO_SECONDS}
        raise HostedAgentNotFound(told % names)
    manifest = _manifest(plugin)
    _require_room(plugin, slug)
    entry = entry_of(slug, row.told["name"], row.told["description"], manifest)
    hosted = publish(_publisher(principal), plugin, entry, manifest)
    hosted.origin, hosted.author = Origin.PERSON, row.told["author"]
    hosted.name, hosted.description = row.told["name"], row.told["description"]
    hosted.config, hosted.revision = row.told["config"], row.told["revision"] + 1
    hosted.save()
    AgentSecret.objects.bulk_create(
        AgentSecret(hosted=hosted, name=name, sealed=sealed)
        for name, sealed in row.told["secrets"].items()
    )
    row.delete()
    _tell(principal, plugin, hosted, Type.AGENT_ADDED, "agent.restored")
    return _followed(plugin, hosted)


def forget_removed() -> None:
    """Those whose removal can be undone no more, with their secrets."""
    over = timezone.now() - timedelta(seconds=UNDO_SECONDS)
    RemovedAgent.objects.filter(removed__lt=over).delete()


def _locked(principal: Principal, ref: str | UUID) -> Plugin:
    principal.require(permissions.PLUGINS_MANAGE)
    return lock_plugin(ref)


def _manifest(plugin: Plugin) -> Manifest:
    if plugin.release is None:
        raise Conflict(_("%(plugin)s has no release yet.") % {"plugin": plugin.slug})
    return manifests.parse(plugin.release.manifest)


def _named(manifest: Manifest) -> set[str]:
    return {entry.slug for entry in manifest.agents}


def _hosted(plugin: Plugin, slug: str) -> HostedAgent:
    rows = plugin.hosted_agents.filter(agent__slug=slug, agent__retired=None)
    found = rows.select_related("agent").first()
    if found is None:
        told = _("%(plugin)s has no agent %(agent)r.")
        raise HostedAgentNotFound(told % {"plugin": plugin.slug, "agent": slug[:100]})
    found.plugin = plugin  # the locked one
    return found


def _publisher(principal: Principal) -> Principal:
    """Who may manage plugins need not be one who may publish agents: rights were checked."""
    return principal if principal.may(permissions.AGENTS_MANAGE) else system("supervisor")


def _check_words(slug: str, name: str, description: str) -> None:
    if not ADDRESS.fullmatch(slug) or slug in RESERVED:
        told = _("An address has small letters, digits and -, and begins and ends with no -.")
        raise InvalidInput(told, fields={"slug": _("is no address")})
    for field, text, most in (
        ("name", name, MAX_NAME),
        ("description", description, MAX_DESCRIPTION),
    ):
        if len(text) > most:
            told = _("%(field)s has at most %(most)d characters.") % {"field": field, "most": most}
            raise InvalidInput(told, fields={field: _("is too long")})


def _require_room(plugin: Plugin, slug: str) -> None:
    """No agent has two homes, and a plugin is no store of agents without end."""
    holder = Agent.objects.filter(slug=slug, retired=None).select_related("hosted_by__plugin")
    if (other := holder.first()) is not None:
        hosted = HostedAgent.objects.filter(agent=other).select_related("plugin").first()
        where = hosted.plugin.slug if hosted else _("an agent elsewhere")
        told = _("The address %(agent)s is taken, by %(where)s: choose another.")
        raise AgentTaken(told % {"agent": slug, "where": where}, fields={"slug": _("is taken")})
    if plugin.hosted_agents.count() >= MOST_AGENTS:
        told = _("A plugin hosts at most %(most)d agents.") % {"most": MOST_AGENTS}
        raise Conflict(told)


def _fitting(found: Candidate) -> Candidate:
    if found.problems:
        raise InvalidConfig.of(found.problems)
    return found


def _write(hosted: HostedAgent, found: Candidate) -> None:
    """Its next revision, with new secrets sealed and those it needs no more forgotten."""
    hosted.config, hosted.revision = found.sealed, hosted.revision + 1
    hosted.save()
    AgentSecret.objects.bulk_create(
        AgentSecret(hosted=hosted, name=name, sealed=crypto.seal(configuration.as_json(value)))
        for name, value in found.fresh.items()
    )
    names = {name for _path, name in secrets.references(hosted.config)}
    hosted.secrets.exclude(name__in=names).delete()


def _reset(hosted: HostedAgent) -> None:
    hosted.config, hosted.name, hosted.description, hosted.author = None, "", "", ""
    hosted.revision += 1
    hosted.save()
    hosted.secrets.all().delete()


def _publish(principal: Principal, plugin: Plugin, hosted: HostedAgent) -> None:
    """Under its name, which may be another now. What its process says of it comes again from there."""
    manifest = _manifest(plugin)
    entry = entries_of(plugin, manifest)[hosted.agent.slug]
    publish(_publisher(principal), plugin, entry, manifest)


def _keep_for_undo(plugin: Plugin, hosted: HostedAgent) -> None:
    _forget_removed(plugin)
    told = {
        "name": hosted.name,
        "description": hosted.description,
        "config": hosted.config,
        "revision": hosted.revision,
        "author": hosted.author,
        "secrets": dict(hosted.secrets.values_list("name", "sealed")),
    }
    RemovedAgent.objects.update_or_create(
        plugin=plugin,
        slug=hosted.agent.slug,
        defaults={"told": told, "removed": timezone.now()},
    )


def _forget_removed(plugin: Plugin) -> None:
    over = timezone.now() - timedelta(seconds=UNDO_SECONDS)
    plugin.removed_agents.filter(removed__lt=over).delete()


def _followed(plugin: Plugin, hosted: HostedAgent) -> HostedAgent:
    """The supervisors hear of it, and its state is what they make of it."""
    follow(plugin)
    hosted.refresh_from_db()
    return hosted


def _tell(
    principal: Principal,
    plugin: Plugin,
    hosted: HostedAgent,
    type_: PluginEvent.Type,
    action: str,
    before: Json | None = None,
    **more: Any,
) -> None:
    slug = hosted.agent.slug
    after = {"plugin": plugin.slug, "revision": hosted.revision, **more}
    audit.record(principal, action, "agent", slug, before=before or {}, after=after)
    record_event(plugin, None, type_, slug, {"agent": slug, **after})


def _who_came_first(hosted: HostedAgent, base: int) -> str:
    told = _(
        "%(agent)s is at revision %(now)d, by %(who)s, no longer at %(base)d: look at it again."
    )
    who = hosted.author or _("its plugin.yaml")
    names = {"agent": hosted.agent.slug, "now": hosted.revision, "who": who, "base": base}
    return told % names
