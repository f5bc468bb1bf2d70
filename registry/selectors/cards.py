"""Questions about cards, and about the keys that sign them."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import cards
from registry.errors import CardNotFound
from registry.models import Agent, AgentCard, SigningKey
from registry.selectors.agents import access_agent
from security import permissions
from security.principals import Principal

KEY_GRACE = timedelta(days=30)  # a retired key stays published so long


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
