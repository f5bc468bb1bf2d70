"""Deeds on agents: rights, change, audit, news; each in one transaction."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from registry import cards
from registry.errors import AgentNameTaken
from registry.models import Agent, AgentCard, Capability
from registry.profile import profile_of
from registry.selectors import access_agent
from registry.signals import agent_changed
from security import audit, news, permissions
from security.errors import InvalidInput
from security.principals import Principal
from security.services import default_tenant

MAX_CAPABILITIES: Final = 100
MAX_METADATA_ITEMS: Final = 100


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
) -> Agent:
    """Say that a plugin hosts this agent: upsert, with a new card version only when the card differs.

    `card` may be a part (skills, modes, provider): AgentX writes the rest. `state` holds for a new agent only; who
    hosts it moves it on with `set_agent_states`. Raises `AgentNameTaken` when a remote agent has the address.
    """
    principal.require(permissions.AGENTS_MANAGE)
    if retry not in Agent.Retry.values:
        refusal = _("Unknown retry policy %(name)r.") % {"name": retry}
        raise InvalidInput(refusal, fields={"retry": _("unknown")})
    _refuse_front_door(slug)
    agent = Agent.objects.select_for_update().filter(slug=slug).first()
    if agent and agent.source != Agent.Source.PLUGIN and agent.retired is None:
        raise AgentNameTaken(_("There is already a remote agent %(slug)r.") % {"slug": slug})
    agent = agent or Agent(slug=slug, tenant=default_tenant(), state=state)
    told = {
        "name": name,
        "description": description,
        "version": version,
        "framework": framework,
        "source": Agent.Source.PLUGIN,
        "retry": retry,
        "endpoint": "",
        "direct_messages": direct_messages,
        "retired": None,
    }
    changed = _save(agent, told)
    changed |= _set_capabilities(agent, capabilities)
    changed |= _set_card(agent, card)
    if changed:
        after = {"version": version, "framework": framework, "capabilities": sorted(capabilities)}
        audit.record(principal, "agent.published", "agent", slug, after=after)
        _tell(agent)
    return agent


@transaction.atomic
def register_remote_agent(
    principal: Principal,
    *,
    name: str,
    capabilities: list[str],
    endpoint: str,
    metadata: dict[str, Any] | None = None,
) -> Agent:
    """Take in an agent that lives elsewhere, under an address made from its name. Its state is unknown.

    Registering the same name with the same endpoint again updates it. Raises `AgentNameTaken` otherwise.
    """
    principal.require(permissions.AGENTS_MANAGE)
    slug = _slug_of(name)
    _refuse_front_door(slug)
    _check_endpoint(endpoint)
    _check_metadata(metadata or {})
    agent = Agent.objects.select_for_update().filter(slug=slug).first()
    if agent and agent.retired is None and agent.endpoint != endpoint:
        raise AgentNameTaken(_("There is already an agent %(slug)r.") % {"slug": slug})
    agent = agent or Agent(slug=slug, tenant=default_tenant())
    _save(agent, _told_of_remote(name.strip(), endpoint, metadata or {}))
    _set_capabilities(agent, capabilities)
    skills = [cards.skill_from_capability(name) for name in _names(capabilities)]
    _set_card(agent, {"skills": skills})
    after = {"endpoint": endpoint, "capabilities": sorted(capabilities)}
    audit.record(principal, "agent.registered", "agent", slug, after=after)
    _tell(agent)
    return agent


def _check_metadata(metadata: dict[str, Any]) -> None:
    if len(metadata) > MAX_METADATA_ITEMS:
        told = _("metadata may hold at most %(most)d items.") % {"most": MAX_METADATA_ITEMS}
        raise InvalidInput(told, fields={"metadata": _("too many")})


def _told_of_remote(name: str, endpoint: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "description": str(metadata.get("description", ""))[:2000],
        "version": str(metadata.get("version", ""))[:64],
        "framework": str(metadata.get("framework", ""))[:64],
        "source": Agent.Source.REMOTE,
        "state": Agent.State.UNKNOWN,
        "endpoint": endpoint,
        "metadata": metadata,
        "retired": None,
    }


@transaction.atomic
def retire_agent(principal: Principal, ref: str) -> Agent:
    """Take an agent out of service. Its tasks stay; its address answers nobody."""
    principal.require(permissions.AGENTS_MANAGE)
    agent = _locked(access_agent(principal, ref))
    before = {"state": agent.state}
    agent.retired, agent.state = timezone.now(), Agent.State.SHUTDOWN
    agent.save(update_fields=["retired", "state", "updated"])
    audit.record(principal, "agent.retired", "agent", agent.slug, before=before)
    _tell(agent)
    return agent


@transaction.atomic
def set_agent_open(principal: Principal, ref: str, is_open: bool) -> Agent:
    """Let anonymous callers use an agent, or end that."""
    principal.require(permissions.AGENTS_MANAGE)
    agent = _locked(access_agent(principal, ref))
    if agent.is_open == is_open:
        return agent
    agent.is_open, agent.card_changed = is_open, timezone.now()
    agent.save(update_fields=["is_open", "card_changed", "updated"])
    action = "agent.opened" if is_open else "agent.closed"
    was, now = {"open": not is_open}, {"open": is_open}
    audit.record(principal, action, "agent", agent.slug, before=was, after=now)
    _tell(agent)
    return agent


@transaction.atomic
def set_agent_states(refs: Iterable[str | UUID], state: str) -> list[Agent]:
    """Move agents, by slug or id, to a state. Touches and tells only those that were in another."""
    given = list(refs)
    ids = [ref for ref in given if isinstance(ref, UUID)]
    slugs = [ref for ref in given if isinstance(ref, str)]
    moved = list(
        Agent.objects.select_for_update()
        .filter(Q(id__in=ids) | Q(slug__in=slugs), retired__isnull=True)
        .exclude(state=state)
        .order_by("id")
    )
    now = timezone.now()
    for agent in moved:
        agent.state, agent.updated = Agent.State(state), now
        if state == Agent.State.READY:
            agent.heartbeat = now
    Agent.objects.bulk_update(moved, ["state", "updated", "heartbeat"])
    _tell(*moved)
    return moved


def _locked(agent: Agent) -> Agent:
    return Agent.objects.select_for_update().get(id=agent.id)


def _tell(*changed: Agent) -> None:
    """After commit: the signal for the console, and news for the route tables."""
    if not changed:
        return
    for agent in changed:
        transaction.on_commit(partial(agent_changed.send_robust, Agent, agent=agent))
    news.publish_on_commit("routes")


def _save(agent: Agent, fields: dict[str, Any]) -> bool:
    """Write what differs; say whether anything did."""
    fresh = agent._state.adding
    differing = [name for name, value in fields.items() if getattr(agent, name) != value]
    for name in differing:
        setattr(agent, name, fields[name])
    if fresh:
        _insert(agent)
    elif differing:
        agent.save()
    return fresh or bool(differing)


def _insert(agent: Agent) -> None:
    try:
        with transaction.atomic():
            agent.save(force_insert=True)
    except IntegrityError:
        told = _("There is already an agent %(slug)r.") % {"slug": agent.slug}
        raise AgentNameTaken(told) from None


def _names(capabilities: Iterable[str]) -> list[str]:
    """Capability names as they are searched for: lower case, words joined by hyphens."""
    names = [slugify(given)[:100] for given in capabilities]
    if "" in names:
        raise InvalidInput(
            _("A capability's name needs letters or digits."),
            fields={"capabilities": _("empty name")},
        )
    if len(names) > MAX_CAPABILITIES:
        told = _("An agent may have at most %(most)d capabilities.") % {"most": MAX_CAPABILITIES}
        raise InvalidInput(told, fields={"capabilities": _("too many")})
    return sorted(set(names))


def _set_capabilities(agent: Agent, capabilities: Iterable[str]) -> bool:
    names = _names(capabilities)
    if names == sorted(agent.capabilities.values_list("name", flat=True)):
        return False
    Capability.objects.bulk_create([Capability(name=n) for n in names], ignore_conflicts=True)
    agent.capabilities.set(Capability.objects.filter(name__in=names))
    return True


def _set_card(agent: Agent, given: dict[str, Any]) -> bool:
    """Follow the current card with the next version, if the agent says something else than before."""
    card = cards.statement(
        slug=agent.slug,
        name=agent.name,
        description=agent.description,
        version=agent.version,
        partial=given,
    )
    digest = cards.digest(card)
    if agent.card_digest == digest:
        return False
    last = agent.cards.aggregate(last=Max("version"))["last"] or 0
    agent.cards.filter(is_current=True).update(is_current=False)
    AgentCard.objects.create(agent=agent, version=last + 1, card=card, digest=digest)
    agent.profile, agent.card_digest = profile_of(card).as_json(), digest
    agent.card_changed = timezone.now()
    agent.save(update_fields=["profile", "card_digest", "card_changed", "updated"])
    return True


def _refuse_front_door(slug: str) -> None:
    if slug == cards.ROUTER:
        told = _("%(slug)r is AgentX's own front door; choose another name.")
        raise AgentNameTaken(told % {"slug": slug})


def _slug_of(name: str) -> str:
    slug = slugify(name)[:64].strip("-")
    if not slug:
        raise InvalidInput(
            _("A name needs letters or digits."), fields={"name": _("no letters or digits")}
        )
    return slug


def _check_endpoint(endpoint: str) -> None:
    """Only its shape: whether AgentX may reach it is asked when it is called (AGENTX_WEBHOOK_ALLOW)."""
    try:
        parts = urlsplit(endpoint)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or len(endpoint) > 500:
        told = _("An endpoint is an http:// or https:// URL of at most 500 characters.")
        raise InvalidInput(told, fields={"endpoint": _("not an http(s) URL")})
    if parts.username or parts.password or parts.fragment:
        told = _("An endpoint's URL carries no user, password or fragment.")
        raise InvalidInput(told, fields={"endpoint": _("credentials in URL")})
