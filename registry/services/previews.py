"""What a registration would make of a card. Writes nothing."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from registry import cards
from registry.interfaces import Interface, interfaces_of
from registry.models import Agent, Upstream
from registry.services.found_cards import chosen_interface, partial_of, skill_names
from registry.services.writing import slug_of
from registry.sightings import FoundCard
from security import addresses, permissions
from security.principals import Principal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """`interface` is the one that would be used, of all that AgentX speaks. `warnings` are sentences."""

    found: FoundCard
    interface: Interface
    interfaces: list[Interface]
    slug: str
    name: str
    is_taken: bool
    capabilities: list[str]
    warnings: list[str]


def preview_of(
    principal: Principal, found: FoundCard, *, name: str = "", endpoint: str = ""
) -> Preview:
    """Raises what the registration would raise."""
    principal.require(permissions.AGENTS_MANAGE)
    interface = chosen_interface(found.card, endpoint)
    name = (name or str(found.card["name"])).strip()[:200]
    slug = slug_of(name)
    version = str(found.card.get("version", ""))[:64]
    told = str(found.card.get("description", ""))[:2000]
    partial = partial_of(found.card)
    cards.statement(slug=slug, name=name, description=told, version=version, partial=partial)
    taken = Agent.objects.filter(slug=slug, retired__isnull=True)
    return Preview(
        found=found,
        interface=interface,
        interfaces=interfaces_of(found.card),
        slug=slug,
        name=name,
        is_taken=taken.exclude(upstream__card_url=found.url).exists() or slug == cards.ROUTER,
        capabilities=skill_names(found.card),
        warnings=list(_warnings(found, interface)),
    )


def _warnings(found: FoundCard, interface: Interface) -> list[str]:
    warnings = []
    if found.signature in (Upstream.Signature.INVALID, Upstream.Signature.UNTRUSTED):
        warnings.append(_("Its signature: %(why)s") % {"why": found.signature_detail})
    if interface.url.startswith("http://"):
        warnings.append(_("Its interface is plain HTTP: anybody in between can read and change."))
    card_host = urlsplit(found.url).hostname
    url = interface.url if "//" in interface.url else f"https://{interface.url}"
    if why := addresses.refusal(url):
        warnings.append(_("Its interface %(url)s: %(why)s") % {"url": interface.url, "why": why})
    if urlsplit(url).hostname != card_host:
        warnings.append(
            _("Its interface is at another host than its card: credentials would go to %(url)s.")
            % {"url": interface.url}
        )
    return warnings
