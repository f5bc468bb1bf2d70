"""Questions about agents that live elsewhere."""

from typing import Final

from django.utils.translation import gettext as _

from registry.cards import Change, diff
from registry.connections import credentials_of
from registry.errors import NotRemote
from registry.models import HealthCheck, Upstream
from registry.selectors import access_agent
from security import permissions
from security.crypto import SealBroken
from security.principals import Principal

CHECKS_TOLD: Final = 50


def access_upstream(principal: Principal, ref: str) -> Upstream:
    """Of an agent by its slug or id. Raises `NotRemote` for one that a plugin hosts."""
    principal.require(permissions.AGENTS_VIEW)
    agent = access_agent(principal, ref)
    upstream = Upstream.objects.select_related("agent").filter(agent=agent).first()
    if upstream is None:
        told = _("The agent %(slug)r is not registered by its URL.")
        raise NotRemote(told % {"slug": agent.slug})
    return upstream


def drift_of(upstream: Upstream) -> list[Change]:
    """What the card that waits for approval would change."""
    if upstream.pending_card is None:
        return []
    return diff(upstream.card or {}, upstream.pending_card)


def checks_of(upstream: Upstream) -> list[HealthCheck]:
    """The last looks at it, newest first."""
    return list(upstream.checks.order_by("-time")[:CHECKS_TOLD])


def scheme_of(upstream: Upstream) -> str:
    """Of its credentials; empty: none. Nothing else of them is ever told."""
    try:
        return str(credentials_of(upstream).get("scheme", ""))
    except SealBroken:
        return "?"
