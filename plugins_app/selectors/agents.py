"""Questions about the agents of a plugin: which it hosts, and what each is told to be like."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from plugins_app.client.shapes import AgentSpec
from plugins_app.configuration import secrets
from plugins_app.errors import HostedAgentNotFound
from plugins_app.models import AgentSecret, HostedAgent, Plugin, PluginInstance
from plugins_app.selectors.config import Candidate, filled_in, manifest_of, opened, weighed
from plugins_app.selectors.models import hosted_config
from plugins_app.selectors.plugins import access_plugin
from plugins_app.states import SERVING
from security import permissions
from security.principals import Principal

Json = dict[str, Any]
Origin = HostedAgent.Origin


def hosted_agents(principal: Principal, ref: str | UUID, search: str = "") -> QuerySet[HostedAgent]:
    """Those of a plugin, by address."""
    plugin = access_plugin(principal, ref)
    rows = plugin.hosted_agents.filter(agent__retired=None)
    rows = rows.select_related("agent", "plugin__release").order_by("agent__slug")
    for word in search.split()[:8]:
        said = Q(agent__slug__icontains=word) | Q(agent__name__icontains=word)
        rows = rows.filter(said | Q(agent__description__icontains=word))
    return rows


def access_hosted(principal: Principal, ref: str | UUID, slug: str) -> HostedAgent:
    """One agent of a plugin. Raises `HostedAgentNotFound`."""
    found = hosted_agents(principal, ref).filter(agent__slug=slug).first()
    if found is None:
        told = _("%(plugin)s has no agent %(agent)r.")
        raise HostedAgentNotFound(told % {"plugin": str(ref)[:100], "agent": slug[:100]})
    return found


def shown_agent(principal: Principal, ref: str | UUID, slug: str) -> tuple[HostedAgent, Json]:
    """One agent with its configuration, for who may change it: references, never values."""
    principal.require(permissions.PLUGINS_MANAGE)
    hosted = access_hosted(principal, ref, slug)
    return hosted, agent_config_shown(hosted)


def is_settled(hosted: HostedAgent) -> bool:
    """Whether every process has tried its newest revision, or none is to run."""
    plugin = hosted.plugin
    if plugin.desired == Plugin.Desired.STOPPED or plugin.state == Plugin.State.ERROR:
        return True
    rows = PluginInstance.objects.filter(plugin=plugin, wanted=True, state__in=SERVING)
    told = [agents.get(hosted.agent.slug) for agents in rows.values_list("agents", flat=True)]
    return bool(told) and all(each and each["revision"] == hosted.revision for each in told)


def agent_config(hosted: HostedAgent) -> Json:
    """As it holds now, with references for its secrets; what nobody changed is as plugin.yaml has it."""
    return hosted_config(hosted.plugin, hosted)


def agent_config_shown(hosted: HostedAgent) -> Json:
    """The same for eyes: a secret that lies open, as in a plugin.yaml, shows only that it is set."""
    return secrets.redacted(agent_schema_of(hosted.plugin), agent_config(hosted))


def agent_schema_of(plugin: Plugin) -> Json:
    """What its plugin.yaml says of agents; {} without."""
    schema: Json = manifest_of(plugin).get("agent_schema", {}) or {}
    return schema


def agent_candidate(plugin: Plugin, hosted: HostedAgent | None, config: Json) -> Candidate:
    """What would become of an agent's configuration; None: of a new agent. Changes nothing."""
    return weighed(
        agent_schema_of(plugin),
        config,
        held={} if hosted is None else agent_config(hosted),
        sealed={} if hosted is None else _sealed_of([hosted.id])[hosted.id],
        number=1 if hosted is None else hosted.revision + 1,
    )


def specs_of(plugins: Iterable[Plugin]) -> dict[UUID, tuple[AgentSpec, ...]]:
    """The agents that processes are to have, with their secrets, by plugin id: only for the plugins themselves.

    Those of plugin.yaml in its order, then those of people. Two queries, one when nobody has secrets.
    """
    return specs_by({plugin.id: manifest_of(plugin) for plugin in plugins})


def specs_by(manifests: Mapping[UUID, Json]) -> dict[UUID, tuple[AgentSpec, ...]]:
    """The same for processes of releases that are not their plugin's own: manifests by plugin id."""
    hosted: defaultdict[UUID, dict[str, HostedAgent]] = defaultdict(dict)
    found = HostedAgent.objects.filter(plugin__in=manifests).select_related("agent")
    for each in found.order_by("agent__slug"):
        hosted[each.plugin_id][each.agent.slug] = each
    sealed = _sealed_of(
        [each.id for told in hosted.values() for each in told.values() if _refers(each)]
    )
    return {key: tuple(_specs(told, hosted[key], sealed)) for key, told in manifests.items()}


def _specs(
    manifest: Json, hosted: dict[str, HostedAgent], sealed: dict[UUID, dict[str, str]]
) -> Iterator[AgentSpec]:
    entries = {each["slug"]: each for each in manifest.get("agents", ())}
    usual = manifest.get("metadata", {}).get("description", "")
    for slug, entry in entries.items():
        yield _spec(slug, {"description": usual, **entry}, hosted.get(slug), sealed)
    for slug, each in hosted.items():
        if slug not in entries and each.origin == Origin.PERSON and each.agent.retired is None:
            yield _spec(slug, {}, each, sealed)


def _spec(
    slug: str, entry: Json, hosted: HostedAgent | None, sealed: dict[UUID, dict[str, str]]
) -> AgentSpec:
    row = hosted or HostedAgent()
    config, trouble = entry.get("config", {}), ""
    if row.config is not None:
        values, broken = opened(sealed.get(row.id, {}))
        config, missing = filled_in(row.config, values, broken)
        trouble = "; ".join(f"{name} {problem}" for name, problem in missing.items())
    return AgentSpec(
        slug=slug,
        name=row.name or entry.get("name", slug),
        description=row.description or entry.get("description", ""),
        config={} if trouble else config,
        revision=row.revision,
        trouble=trouble and _("Its configuration cannot be used: %(why)s.") % {"why": trouble},
        has_failed=row.failed_revision == row.revision,
    )


def _refers(hosted: HostedAgent) -> bool:
    return any(secrets.references(hosted.config))


def _sealed_of(hosted_ids: Sequence[UUID]) -> defaultdict[UUID, dict[str, str]]:
    found: defaultdict[UUID, dict[str, str]] = defaultdict(dict)
    if hosted_ids:
        rows = AgentSecret.objects.filter(hosted__in=hosted_ids)
        for hosted_id, name, text in rows.values_list("hosted_id", "name", "sealed"):
            found[hosted_id][name] = text
    return found
