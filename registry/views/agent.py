"""One agent: what it says of itself and since when, how it is, where it is reached."""

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry import cards, selectors, services
from registry.models import Agent, HealthCheck, Upstream
from registry.profile import Profile
from security import permissions
from security.pages import deed, done, page, render
from security.principals import Principal

VERSIONS_SHOWN: Final = 20
CHECKS_SHOWN: Final = 90
ENVELOPE_BYTES: Final = 256 * 1024  # of a message, beside its files in base64
LEAST_HEIGHT: Final = 12  # percent, of a look that took no time

Json = dict[str, Any]


@page
def agent(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    principal.require(permissions.AGENTS_VIEW)
    found = selectors.access_agent(principal, slug)
    told = {
        "title": found.name,
        "crumbs": [("/agents/", _("Agents"))],
        "live": True,
        "agent": found,
        "in_charge": principal.may(services.in_charge_of(found)),
        "card": selectors.served_card(found),
        "profile": Profile.from_json(found.profile),
        "file_limit": (settings.MAX_BODY_BYTES - ENVELOPE_BYTES) * 3 // 4,
        "address": f"{settings.PUBLIC_URL}/a2a/{found.slug}/",
    }
    told |= _versions(request, principal, slug)
    told["verdict"] = services.card_verdict(principal, slug)
    if found.source == Agent.Source.REMOTE:
        told |= _elsewhere(found)
    return render(request, "registry/agent.html", told)


def _versions(request: HttpRequest, principal: Principal, slug: str) -> Json:
    """The card's history, and what is different between the two versions asked for, else the newest two."""
    versions = list(selectors.card_versions(principal, slug)[:VERSIONS_SHOWN])
    newest = versions[0].version if versions else 0
    new = _number(request.GET.get("to", ""), newest)
    old = _number(request.GET.get("from", ""), max(min(1, new), new - 1))
    asked = "to" in request.GET or "from" in request.GET
    changes = selectors.card_changes(principal, slug, old, new) if old != new else []
    return {"versions": versions, "old": old, "new": new, "changes": changes, "compares": asked}


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else default


def _elsewhere(found: Agent) -> Json:
    """Of an agent registered by its URL: how it was reached lately, and what has changed there."""
    upstream = Upstream.objects.filter(agent=found).first()
    if upstream is None:
        return {}
    checks = list(upstream.checks.all()[:CHECKS_SHOWN])[::-1]
    drift = cards.diff(upstream.card or {}, upstream.pending_card) if upstream.pending_card else []
    return {"upstream": upstream, "looks": list(_looks(checks)), "drift": drift, **_summary(checks)}


def _looks(checks: list[HealthCheck]) -> Iterable[tuple[HealthCheck, int]]:
    """Each with its height in the picture: in percent of the longest that found it, or all of it."""
    longest = max((check.milliseconds for check in checks if check.is_ok), default=0) or 1
    for check in checks:
        height = round(100 * check.milliseconds / longest) if check.is_ok else 100
        yield check, max(LEAST_HEIGHT, height)


def _summary(checks: list[HealthCheck]) -> Json:
    taken = sorted(check.milliseconds for check in checks if check.is_ok)
    share = 100 * len(taken) / len(checks) if checks else None
    return {"reachable": share, "median": taken[len(taken) // 2] if taken else None}


@deed
def approve(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.approve_card(principal, slug)
    told = _("AgentX goes by the new card of %(agent)s now.") % {"agent": slug}
    return done(request, told, f"/agents/{slug}/")


@deed
def reject(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.reject_card(principal, slug)
    told = _("AgentX stays with the approved card of %(agent)s.") % {"agent": slug}
    return done(request, told, f"/agents/{slug}/")
