"""What agents say of themselves, at the well-known addresses. A closed agent's card needs a credential, as the agent does."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date, parse_http_date_safe

from registry import cards, selectors, services
from registry.cards import ROUTER, Card
from registry.catalogue import MEDIA_TYPE as CATALOGUE
from registry.errors import AgentNotFound
from routing.a2a.calls import short
from routing.a2a.front_door import front_door_card
from routing.a2a.lane_view import JSON, LaneView
from routing.a2a.shelf import Document, Shelf
from routing.errors import ExtendedAgentCardNotConfigured, UnsupportedOperation
from security.errors import NotAuthenticated
from security.principals import Principal
from security.rows import ask

MAX_AGE_SECONDS: Final = 30
KEY_SET: Final = "application/jwk-set+json"
CREDENTIALS: Final = "Authorization, X-API-Key, Cookie"
READERS: Final = {"1.0": "1.0", "0.3": "0.3", "0.2": "0.3"}


class AgentCardView(LaneView):
    """The card of one agent, or of the front door, in the version that the reader asks for.

    Who names none gets a card that is both, for clients of either version find what they know in it; at the address
    that only 0.2 had (`unnamed="0.3"`), its own.
    """

    shelf: Shelf = None  # type: ignore[assignment] # as_view takes only what the class names
    unnamed = "both"
    takes_turns = True

    async def get(
        self, request: HttpRequest, principal: Principal, agent: str = ROUTER
    ) -> HttpResponse:
        asked = request.META.get("HTTP_A2A_VERSION") or request.GET.get("A2A-Version", "")
        reader = READERS.get(short(asked), self.unnamed) if asked else self.unnamed
        document = await self.shelf.card(principal, agent, reader)
        return answered(request, document, JSON, vary=f"A2A-Version, {CREDENTIALS}")


class KeySetView(LaneView):
    """The public keys that cards are signed with (RFC 7517)."""

    shelf: Shelf = None  # type: ignore[assignment]

    async def get(self, request: HttpRequest, principal: Principal) -> HttpResponse:
        return answered(request, await self.shelf.keys(), KEY_SET)


class CatalogueView(LaneView):
    """The open agents, for directories and crawlers. `?after=` a slug: the page that follows it."""

    shelf: Shelf = None  # type: ignore[assignment]

    async def get(self, request: HttpRequest, principal: Principal) -> HttpResponse:
        after = request.GET.get("after", "").replace("\0", "")[:64]
        return answered(request, await self.shelf.catalogue(after), CATALOGUE)


def answered(
    request: HttpRequest, document: Document, media_type: str, vary: str = ""
) -> HttpResponse:
    """200 with the document, or 304 when the reader has it."""
    tag = f'W/"{document.digest[:32]}"'
    is_known = _is_known(request, tag, document)
    response = HttpResponse(b"" if is_known else document.body, content_type=media_type)
    response.status_code = 304 if is_known else 200
    scope = "public" if document.is_public else "private"
    response["Cache-Control"] = f"{scope}, max-age={MAX_AGE_SECONDS}"
    response["ETag"] = tag
    response["Last-Modified"] = http_date(_modified(document))
    if vary:
        response["Vary"] = vary
    return response


def _is_known(request: HttpRequest, tag: str, document: Document) -> bool:
    """RFC 9110 §13.2.2: tags count before dates, and compare without their weakness."""
    if (known := request.META.get("HTTP_IF_NONE_MATCH")) is not None:
        bare = {each.strip().removeprefix("W/") for each in known.split(",")}
        return "*" in bare or tag.removeprefix("W/") in bare
    since = parse_http_date_safe(request.META.get("HTTP_IF_MODIFIED_SINCE", ""))
    return since is not None and _modified(document) <= since


def _modified(document: Document) -> int:
    """Unix time, a second early: the server's Date may be that old, and nothing may be newer (RFC 9110 §8.8.2.1)."""
    return int(document.modified.timestamp()) - 1


async def extended_card(principal: Principal, slug: str) -> Card:
    """GetExtendedAgentCard: what the agent says to callers that AgentX knows, signed."""
    return await ask(_extended_card, principal, slug)


def _extended_card(principal: Principal, slug: str) -> Card:
    if slug == ROUTER:
        _require_known(principal)
        return services.sign_card(front_door_card(principal))
    agent = selectors.access_agent(principal, slug)
    if not agent.profile.get("extended_card"):
        raise UnsupportedOperation("This agent has no extended card: its card says so.")
    _require_known(principal)
    current = selectors.current_card(agent)
    if current is None:
        raise AgentNotFound(f"The agent {slug!r} has not said yet what it is.")
    if not current.card.get("extended"):
        raise ExtendedAgentCardNotConfigured("The agent's extended card is not set up.")
    said = cards.extended_statement(current.card)
    doors = selectors.doors()
    return services.sign_card(cards.served(said, slug=slug, doors=doors, is_open=agent.is_open))


def _require_known(principal: Principal) -> None:
    if principal.is_anonymous:
        raise NotAuthenticated(
            "The extended card is for callers that AgentX knows: send an API key."
        )
