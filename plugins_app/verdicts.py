"""What is wrong with a configuration that somebody is about to give a plugin: by its schema, then by itself."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import connection
from django.utils.translation import gettext as _

from plugins_app import selectors
from plugins_app.client.validating import Verdict, validate
from plugins_app.configuration import secrets
from plugins_app.errors import InvalidConfig
from plugins_app.models import Plugin
from plugins_app.selectors import Candidate
from security import permissions
from security.principals import Principal


@dataclass(frozen=True, slots=True)
class Judgement:
    """`problems` by dotted field, of schema and plugin; `told` says what the plugin had to say, or why nothing."""

    candidate: Candidate
    asked: bool
    told: str
    problems: dict[str, str]


def judge(
    principal: Principal,
    ref: str | UUID,
    config: dict[str, Any],
    *,
    also: frozenset[str] = frozenset(),
) -> Judgement:
    """Changes nothing; waits up to two seconds for a process of the plugin. For doors: services never wait."""
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = selectors.access_plugin(principal, ref)
    found = selectors.candidate(plugin, config, also=also)
    if found.problems:
        told = _("The plugin was not asked: its schema refuses the configuration already.")
        return Judgement(found, False, told, found.problems)
    verdict = _verdict(plugin, found)
    return Judgement(found, verdict.asked, verdict.told, _without_secrets(verdict, found))


def require_agreed(principal: Principal, ref: str | UUID, config: dict[str, Any]) -> Judgement:
    """Raises `InvalidConfig` with every field that the schema or a running process refuses."""
    judgement = judge(principal, ref, config)
    if judgement.problems:
        raise InvalidConfig.of(judgement.problems)
    return judgement


def judge_agent(
    principal: Principal, ref: str | UUID, slug: str, config: dict[str, Any]
) -> Judgement:
    """The same of an agent's configuration; an address that the plugin does not have yet is that of a new agent."""
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = selectors.access_plugin(principal, ref)
    rows = selectors.hosted_agents(principal, plugin.id)
    hosted = rows.filter(agent__slug=slug).first()
    found = selectors.agent_candidate(plugin, hosted, config)
    if found.problems:
        told = _("The plugin was not asked: its schema refuses the configuration already.")
        return Judgement(found, False, told, found.problems)
    verdict = _asked(plugin, found.effective, slug)
    return Judgement(found, verdict.asked, verdict.told, _without_secrets(verdict, found))


def require_agent_agreed(
    principal: Principal, ref: str | UUID, slug: str, config: dict[str, Any]
) -> Judgement:
    """Raises `InvalidConfig` with every field that the schema or a running process refuses."""
    judgement = judge_agent(principal, ref, slug, config)
    if judgement.problems:
        raise InvalidConfig.of(judgement.problems)
    return judgement


def _verdict(plugin: Plugin, found: Candidate) -> Verdict:
    if not found.changes:
        return Verdict(False, _("Nothing changes."))
    return _asked(plugin, selectors.completed(plugin, found.effective))


def _asked(plugin: Plugin, config: dict[str, Any], agent: str = "") -> Verdict:
    targets = [each.target for each in selectors.live_targets() if each.plugin_slug == plugin.slug]
    if not targets:
        return Verdict(False, _("The plugin was not asked: none of its processes runs."))
    if not connection.in_atomic_block:
        connection.close()  # held by nobody while a plugin thinks
    return async_to_sync(validate)(targets[0], config, agent)


def _without_secrets(verdict: Verdict, found: Candidate) -> dict[str, str]:
    """A plugin may quote what it refuses; what it quotes may be secret."""
    hidden = secrets.hidden_texts(found.effective)
    return {name: secrets.scrubbed(why, hidden) for name, why in verdict.problems.items()}
