"""What agents say of themselves, at the well-known addresses. A closed agent's card needs a credential, as the agent does."""

from typing import Final

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from registry.cards import ROUTER, Card, digest, served, statement
from registry.errors import AgentNotFound
from registry.selectors import access_agent, agents, doors, open_agents, served_card
from routing.a2a.lane_view import JSON, LaneView
from security import permissions
from security.principals import Principal
from security.rows import ask

MAX_AGE_SECONDS: Final = 30


class AgentCardView(LaneView):
    """One agent's card."""

    async def get(self, request: HttpRequest, principal: Principal, agent: str) -> HttpResponse:
        card = await ask(_card_of, principal, agent)
        return _card_response(request, card, is_public=principal.is_anonymous)


class FrontDoorCardView(LaneView):
    """AgentX's own card: every agent the caller may see is a skill of it."""

    async def get(self, request: HttpRequest, principal: Principal) -> HttpResponse:
        card = await ask(_front_door_card, principal)
        return _card_response(request, card, is_public=principal.is_anonymous)


def _card_of(principal: Principal, slug: str) -> Card:
    agent = access_agent(principal, slug)
    card = served_card(agent)
    if card is None:
        raise AgentNotFound(f"The agent {slug!r} has not said yet what it is.")
    return card


def _front_door_card(principal: Principal) -> Card:
    visible = agents(principal) if principal.may(permissions.AGENTS_VIEW) else open_agents()
    skills = [
        {
            "id": agent.slug,
            "name": agent.name,
            "description": agent.description or agent.name,
            "tags": ["agent", *(capability.name for capability in agent.capabilities.all())],
        }
        for agent in visible
    ]
    said = statement(
        slug=ROUTER,
        name="AgentX",
        description="The control plane of these agents. Each has its own card at /a2a/{id}/.well-known/agent-card.json.",
        version=settings.VERSION,
        partial={"skills": skills},
    )
    return served(said, slug=ROUTER, doors=doors(), is_open=False)


def _card_response(request: HttpRequest, card: Card, *, is_public: bool) -> HttpResponse:
    tag = f'W/"{digest(card)[:32]}"'
    known = request.META.get("HTTP_IF_NONE_MATCH", "")
    is_known = known == "*" or tag in (each.strip() for each in known.split(","))
    response = HttpResponse(b"" if is_known else orjson.dumps(card), content_type=JSON)
    response.status_code = 304 if is_known else 200
    scope = "public" if is_public else "private"
    response["Cache-Control"] = f"{scope}, max-age={MAX_AGE_SECONDS}"
    response["ETag"] = tag
    response["Vary"] = "Authorization, X-API-Key, Cookie"
    return response
