"""Deeds on agents: rights, change, audit, news; each in one transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.errors import AgentNameTaken
from registry.models import Agent, Upstream
from registry.selectors import access_agent
from registry.services.writing import (
    locked,
    refuse_front_door,
    save,
    set_capabilities,
    set_card,
    tell,
)
from security import audit, permissions
from security.errors import InvalidInput
from security.principals import Principal
from security.services import default_tenant


@transaction.atomic
def publish_agent(
    principal: Principal,
    *,
    slug: str,
    name: str,
    description: str,
    version: str,
    framework: str,
    capabilities: list[str],
    retry: str,
    card: dict[str, Any],
    state: str = Agent.State.SHUTDOWN,
    direct_messages: bool = False,
    keeps_memory: bool = False,
) -> Agent:
    """Say that a plugin hosts this agent: upsert, with a new card version only when the card differs.

    `card` may be a part (skills, modes, provider): AgentX writes the rest. `state` holds for a new agent only; who
    hosts it moves it on with `set_agent_states`. Raises `AgentNameTaken` when a remote agent has the address.
    """
    principal.require(permissions.AGENTS_MANAGE)
    if retry not in Agent.Retry.values:
        refusal = _("Unknown retry policy %(name)r.") % {"name": retry}
        raise InvalidInput(refusal, fields={"retry": _("unknown")})
    agent = _hosted(slug) or Agent(slug=slug, tenant=default_tenant(), state=state)
    told = {
        "name": name,
        "description": description,
        "version": version,
        "framework": framework,
        "source": Agent.Source.PLUGIN,
        "retry": retry,
        "endpoint": "",
        "direct_messages": direct_messages,
        "keeps_memory": keeps_memory,
        "retired": None,
    }
    changed = save(agent, told)
    changed |= set_capabilities(agent, capabilities)
    changed |= set_card(agent, card)
    if changed:
        after = {"version": version, "framework": framework, "capabilities": sorted(capabilities)}
        audit.record(principal, "agent.published", "agent", slug, after=after)
        tell(agent)
    return agent


def _hosted(slug: str) -> Agent | None:
    """What a plugin hosted at this address before. Raises `AgentNameTaken` when it is somebody else's."""
    refuse_front_door(slug)
    agent = Agent.objects.select_for_update().filter(slug=slug).first()
    if agent and agent.source != Agent.Source.PLUGIN and agent.retired is None:
        raise AgentNameTaken(_("There is already a remote agent %(slug)r.") % {"slug": slug})
    return agent


@transaction.atomic
def retire_agent(principal: Principal, ref: str) -> Agent:
    """Take an agent out of service. Its tasks stay; its address answers nobody.

    Whoever has the address next begins anew: closed, and without what was kept to be shown to another's service.
    """
    agent = _in_charge(principal, ref)
    before = {"state": agent.state}
    agent.retired, agent.state, agent.is_open = timezone.now(), Agent.State.SHUTDOWN, False
    agent.reason = ""
    agent.save(update_fields=["retired", "state", "reason", "is_open", "updated"])
    Upstream.objects.filter(agent=agent).update(credentials="", trusted_keys=None)
    audit.record(principal, "agent.retired", "agent", agent.slug, before=before)
    tell(agent)
    return agent


@transaction.atomic
def set_agent_open(principal: Principal, ref: str, is_open: bool) -> Agent:
    """Let anonymous callers use an agent, or end that."""
    agent = _in_charge(principal, ref)
    if agent.is_open == is_open:
        return agent
    agent.is_open, agent.card_changed = is_open, timezone.now()
    agent.save(update_fields=["is_open", "card_changed", "updated"])
    action = "agent.opened" if is_open else "agent.closed"
    was, now = {"open": not is_open}, {"open": is_open}
    audit.record(principal, action, "agent", agent.slug, before=was, after=now)
    tell(agent)
    return agent


def in_charge_of(agent: Agent) -> str:
    """The permission to open, close and retire it: what a plugin hosts is with those who operate plugins."""
    is_hosted = agent.source == Agent.Source.PLUGIN
    return permissions.PLUGINS_OPERATE if is_hosted else permissions.AGENTS_MANAGE


def _in_charge(principal: Principal, ref: str) -> Agent:
    """The agent, for who may decide about it. Hidden and missing look alike."""
    agent = access_agent(principal, ref)
    principal.require(in_charge_of(agent))
    return locked(agent)


@transaction.atomic
def set_agent_states(refs: Iterable[str | UUID], state: str, reason: str = "") -> list[Agent]:
    """Move agents, by slug or id, to a state. Touches and tells only those that were in another, or for other reasons."""
    given = list(refs)
    ids = [ref for ref in given if isinstance(ref, UUID)]
    slugs = [ref for ref in given if isinstance(ref, str)]
    moved = list(
        Agent.objects.select_for_update()
        .filter(Q(id__in=ids) | Q(slug__in=slugs), retired__isnull=True)
        .exclude(state=state, reason=reason)
        .order_by("id")
    )
    now = timezone.now()
    for agent in moved:
        agent.state, agent.reason, agent.updated = Agent.State(state), reason, now
        if state == Agent.State.READY:
            agent.heartbeat = now
    Agent.objects.bulk_update(moved, ["state", "reason", "updated", "heartbeat"])
    tell(*moved)
    return moved
