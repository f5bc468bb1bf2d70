"""The card of `router`: AgentX as one agent, whose skills are its agents."""

from django.conf import settings
from django.db.models import QuerySet

from registry import selectors
from registry.cards import ROUTER, Card, served, skill_of, statement
from registry.models import Agent
from routing.limits import MAX_FRONT_DOOR_SKILLS
from security import permissions
from security.principals import Principal


def front_door_card(principal: Principal | None) -> Card:
    """Every open agent is a skill of it; with a principal, who asked for the extended card, every agent it may see.

    What its capabilities and modes say is what the agent behind it can: the one that AGENTX_DEFAULT_AGENT names.
    """
    visible = _visible(principal)
    shown = selectors.listed_agents(visible, MAX_FRONT_DOOR_SKILLS)
    total = visible.count() if len(shown) == MAX_FRONT_DOOR_SKILLS else len(shown)
    behind = Agent.objects.filter(slug=settings.DEFAULT_AGENT, retired__isnull=True).first()
    card = behind and selectors.current_card(behind)
    partial = {**card.card} if card else {}
    partial["skills"] = [_skill(agent) for agent in shown]
    # That there is an extended card is told by its part.
    partial["extended"] = {"description": _told(total, MAX_FRONT_DOOR_SKILLS)}
    for theirs in ("provider", "documentationUrl", "iconUrl"):
        partial.pop(theirs, None)
    said = statement(
        slug=ROUTER,
        name="AgentX",
        description=_told(total, MAX_FRONT_DOOR_SKILLS),
        version=settings.VERSION,
        partial=partial,
    )
    is_open = behind is not None and behind.is_open
    return served(said, slug=ROUTER, doors=selectors.doors(), is_open=is_open)


def _visible(principal: Principal | None) -> QuerySet[Agent]:
    if principal is None or not (
        principal.may(permissions.AGENTS_VIEW) or principal.may(permissions.AGENTS_CALL)
    ):
        return selectors.open_agents()
    return selectors.every_agent()


def _told(total: int, shown: int) -> str:
    told = (
        "The control plane of these agents. Each has its own card at "
        "/a2a/{id}/.well-known/agent-card.json."
    )
    if total > shown:
        told += f" {shown} of {total} are listed; /api/v1/agents/discover finds the others."
    return told


def _skill(agent: Agent) -> Card:
    tags = ["agent", *sorted(capability.name for capability in agent.capabilities.all())]
    return skill_of(agent.slug, agent.name, agent.description or agent.name, tags)
