"""Questions about agents and nodes. `access_<noun>` is the one door to a thing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Prefetch, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from registry import cards
from registry.errors import AgentNotFound, CardNotFound, NodeNotFound
from registry.models import Agent, AgentCard, Node, SigningKey
from security import permissions
from security.principals import Principal

MAX_FOUND = 200
KEY_GRACE = timedelta(days=30)  # a retired key stays published so long
# Best first when agents are looked for: who answers now stands before who might later.
STATE_RANK: dict[str, int] = {
    Agent.State.READY: 0,
    Agent.State.BUSY: 1,
    Agent.State.INITIALIZING: 2,
}


@dataclass(frozen=True, slots=True)
class Found:
    """An agent that was looked for, and why it matches: "capability echo", "text 'words' in name"."""

    agent: Agent
    because: list[str]


def agents(principal: Principal) -> QuerySet[Agent]:
    """Every agent that is not retired, with its capabilities and current card at hand."""
    principal.require(permissions.AGENTS_VIEW)
    return _with_parts(Agent.objects.filter(retired__isnull=True))


def open_agents() -> QuerySet[Agent]:
    """What anybody may see: the agents that anybody may call."""
    return _with_parts(Agent.objects.filter(retired__isnull=True, is_open=True))


def every_agent() -> QuerySet[Agent]:
    """For callers whose right to see agents was looked at already."""
    return _with_parts(Agent.objects.filter(retired__isnull=True))


def _with_parts(found: QuerySet[Agent]) -> QuerySet[Agent]:
    current = Prefetch("cards", AgentCard.objects.filter(is_current=True), to_attr="current_cards")
    return found.prefetch_related("capabilities", current).order_by("slug")


def access_agent(principal: Principal, ref: str) -> Agent:
    """The agent with this slug or id. A caller who may not see agents finds the open ones."""
    may_see = principal.may(permissions.AGENTS_VIEW) or principal.may(permissions.AGENTS_CALL)
    visible = _with_parts(Agent.objects.filter(retired__isnull=True)) if may_see else open_agents()
    agent = visible.filter(_by_ref(ref)).first()
    if agent is None:
        if not may_see:
            principal.require(permissions.AGENTS_VIEW)
        raise AgentNotFound(_("There is no agent %(ref)r.") % {"ref": ref})
    return agent


def _by_ref(ref: str, name: str = "slug") -> Q:
    named = Q(**{name: ref})
    try:
        return Q(id=UUID(ref)) | named
    except ValueError:
        return named


def current_card(agent: Agent) -> AgentCard | None:
    """What the agent says of itself now; without a query when it was fetched with its parts."""
    prefetched: list[AgentCard] | None = getattr(agent, "current_cards", None)
    if prefetched is None:
        return agent.cards.filter(is_current=True).first()
    return prefetched[0] if prefetched else None


def cards_of(principal: Principal, ref: str) -> QuerySet[AgentCard]:
    """Every version of an agent's card, newest first."""
    return access_agent(principal, ref).cards.order_by("-version")


def card_versions(principal: Principal, ref: str) -> QuerySet[AgentCard]:
    """Every version of what an agent said of itself, newest first, without the cards' contents."""
    principal.require(permissions.AGENTS_VIEW)
    return cards_of(principal, ref).defer("card")


def access_card(principal: Principal, ref: str, version: int) -> AgentCard:
    """One version of what an agent said of itself."""
    principal.require(permissions.AGENTS_VIEW)
    card = cards_of(principal, ref).filter(version=version).first()
    if card is None:
        told = _("The agent %(ref)r has no card of version %(version)d.")
        raise CardNotFound(told % {"ref": ref, "version": version})
    return card


def card_changes(principal: Principal, ref: str, old: int, new: int) -> list[cards.Change]:
    """What is different between two versions of an agent's card."""
    was, now = access_card(principal, ref, old), access_card(principal, ref, new)
    return cards.diff(was.card, now.card)


def doors() -> cards.Doors:
    """The addresses that stand in cards."""
    return cards.Doors(settings.PUBLIC_URL, settings.GRPC_PUBLIC, settings.DEFAULT_AGENT)


def served_card(agent: Agent) -> cards.Card | None:
    """The agent's card as callers get it, unsigned; None while it has said nothing."""
    current = current_card(agent)
    if current is None:
        return None
    return cards.served(current.card, slug=agent.slug, doors=doors(), is_open=agent.is_open)


def listed_agents(found: QuerySet[Agent], limit: int) -> list[Agent]:
    """So many agents to show where not all fit: who answers now first, then the newest; in the order of their names."""
    rank = Case(
        *(When(state=state, then=Value(place)) for state, place in STATE_RANK.items()),
        default=Value(len(STATE_RANK)),
    )
    found = found.prefetch_related(None).prefetch_related("capabilities")
    chosen = found.order_by(rank, "-created", "slug")[:limit]
    return sorted(chosen, key=lambda agent: agent.slug)


def current_key() -> SigningKey | None:
    """The key that signs cards."""
    return SigningKey.objects.filter(is_current=True).first()


def published_keys() -> list[SigningKey]:
    """The key that signs and those whose signatures are still about."""
    still = Q(retired__isnull=True) | Q(retired__gt=timezone.now() - KEY_GRACE)
    return list(SigningKey.objects.filter(still).order_by("-created"))


def key_set() -> dict[str, Any]:
    """The published keys as a JWK set (RFC 7517)."""
    return {"keys": [key.public for key in published_keys()]}


def card_keys(principal: Principal) -> list[SigningKey]:
    """What cards are signed with; public anyway, but who asks here is known."""
    principal.require(permissions.AGENTS_VIEW)
    return published_keys()


def agent_status(principal: Principal, ref: str) -> dict[str, Any]:
    """How an agent is right now, small enough to be asked every second."""
    agent = access_agent(principal, ref)
    return {
        "id": str(agent.id),
        "slug": agent.slug,
        "name": agent.name,
        "state": agent.state,
        "available": agent.state in (Agent.State.READY, Agent.State.BUSY),
        "heartbeat": agent.heartbeat,
        "updated": agent.updated,
    }


def discover(
    principal: Principal,
    *,
    capabilities: Iterable[str] = (),
    text: str = "",
    framework: str = "",
    limit: int = 50,
) -> list[Found]:
    """Agents that have all these capabilities, every word of the text, and this framework."""
    wanted = sorted({slugify(name) or name for name in capabilities if name.strip()})
    found = agents(principal)
    for name in wanted:
        found = found.filter(capabilities__name=name)
    for word in text.split():
        found = found.filter(_mentions(word)).distinct()
    if framework:
        found = found.filter(framework__iexact=framework)
    ranked = sorted(found, key=lambda agent: (STATE_RANK.get(agent.state, 9), agent.slug))
    reasons = [f"framework {framework}"] if framework else []
    return [
        Found(agent, [f"capability {name}" for name in wanted] + reasons + _places(agent, text))
        for agent in ranked[: max(1, min(limit, MAX_FOUND))]
    ]


def _mentions(word: str) -> Q:
    return (
        Q(slug__icontains=word)
        | Q(name__icontains=word)
        | Q(description__icontains=word)
        | Q(capabilities__name__icontains=word)
    )


def _places(agent: Agent, text: str) -> list[str]:
    fields = {
        "name": f"{agent.slug} {agent.name}",
        "description": agent.description,
        "capabilities": " ".join(c.name for c in agent.capabilities.all()),
    }
    return [
        f"text {word!r} in {place}"
        for word in text.split()
        for place, content in fields.items()
        if word.lower() in content.lower()
    ]


def nodes(principal: Principal) -> QuerySet[Node]:
    principal.require(permissions.NODES_VIEW)
    return Node.objects.order_by("name")


def access_node(principal: Principal, ref: str) -> Node:
    """The node with this name or id."""
    node = nodes(principal).filter(_by_ref(ref, "name")).first()
    if node is None:
        raise NodeNotFound(_("There is no node %(ref)r.") % {"ref": ref})
    return node
