"""Questions about agents. `access_agent` is the one door to an agent."""

from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Prefetch, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from registry.errors import AgentNotFound
from registry.models import Agent, AgentCard
from security import permissions
from security.principals import Principal

AGENTS_OFFERED: Final = 200
# Best first when agents are looked for: who answers now stands before who might later.
STATE_RANK: dict[str, int] = {
    Agent.State.READY: 0,
    Agent.State.BUSY: 1,
    Agent.State.INITIALIZING: 2,
}


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


def offered_agents(principal: Principal) -> list[str]:
    """Slugs to choose from while one types: of very many only the first, and none for who may not see agents."""
    if not principal.may(permissions.AGENTS_VIEW):
        return []
    return list(agents(principal).values_list("slug", flat=True)[:AGENTS_OFFERED])


def access_agent(principal: Principal, ref: str) -> Agent:
    """The agent with this slug or id. A caller who may not see agents finds the open ones."""
    may_see = principal.may(permissions.AGENTS_VIEW) or principal.may(permissions.AGENTS_CALL)
    visible = _with_parts(Agent.objects.filter(retired__isnull=True)) if may_see else open_agents()
    agent = visible.filter(by_ref(ref)).first()
    if agent is None:
        if not may_see:
            principal.require(permissions.AGENTS_VIEW)
        raise AgentNotFound(_("There is no agent %(ref)r.") % {"ref": ref})
    return agent


def by_ref(ref: str, name: str = "slug") -> Q:
    named = Q(**{name: ref})
    try:
        return Q(id=UUID(ref)) | named
    except ValueError:
        return named


def listed_agents(found: QuerySet[Agent], limit: int) -> list[Agent]:
    """So many agents to show where not all fit: who answers now first, then the newest; in the order of their names."""
    rank = Case(
        *(When(state=state, then=Value(place)) for state, place in STATE_RANK.items()),
        default=Value(len(STATE_RANK)),
    )
    found = found.prefetch_related(None).prefetch_related("capabilities")
    chosen = found.order_by(rank, "-created", "slug")[:limit]
    return sorted(chosen, key=lambda agent: agent.slug)


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
