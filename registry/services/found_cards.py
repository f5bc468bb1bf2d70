"""What AgentX makes of a card that was found elsewhere: its interface, its skills, what is told on. Writes nothing."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.text import slugify
from django.utils.translation import gettext as _

from registry import cards
from registry.interfaces import Interface, interfaces_of
from registry.models import Trust, Upstream
from registry.services.writing import MAX_CAPABILITIES, capability_names
from registry.sightings import FoundCard
from security.errors import InvalidInput

Json = dict[str, Any]
# Of a card found elsewhere: what AgentX tells on. The rest of the card it serves is its own.
TOLD_ON: Final = (
    "skills",
    "defaultInputModes",
    "defaultOutputModes",
    "provider",
    "documentationUrl",
    "iconUrl",
)


def chosen_interface(card: Json, endpoint: str = "") -> Interface:
    """The card's first one that AgentX speaks; the one at `endpoint` when that is named. Raises `InvalidInput`."""
    spoken = interfaces_of(card)
    named = [each for each in spoken if endpoint and each.url.rstrip("/") == endpoint.rstrip("/")]
    if not spoken:
        told = _("The card names no interface that AgentX speaks (JSON-RPC, HTTP+JSON or gRPC).")
        raise InvalidInput(told, fields={"card_url": _("no interface that AgentX speaks")})
    return (named or spoken)[0]


def partial_of(card: Json) -> Json:
    """What AgentX tells on of a card found elsewhere. Streams and webhooks are AgentX's own: it has both."""
    told = {name: card[name] for name in TOLD_ON if card.get(name)}
    capabilities = card.get("capabilities")
    extensions = capabilities.get("extensions") if isinstance(capabilities, dict) else None
    return told | ({"capabilities": {"extensions": extensions}} if extensions else {})


def skill_names(card: Json) -> list[str]:
    """Capability names out of a card's skills: their ids and tags."""
    skills = card.get("skills")
    words: list[Any] = []
    for skill in skills if isinstance(skills, list) else ():
        if isinstance(skill, dict):
            tags = skill.get("tags")
            words += [skill.get("id"), *(tags if isinstance(tags, list) else ())]
    usable = [word for word in words if isinstance(word, str) and slugify(word)]
    return capability_names(dict.fromkeys(usable[:MAX_CAPABILITIES]))


def partial_from(capabilities: Iterable[str]) -> Json:
    return {
        "skills": [cards.skill_from_capability(each) for each in capability_names(capabilities)]
    }


def first_trust(found: FoundCard | None) -> Trust:
    """Of an agent that is new here: what its signature is worth. Whoever knows more may say so later."""
    is_verified = found is not None and found.signature == Upstream.Signature.VERIFIED
    return Trust.VERIFIED if is_verified else Trust.PUBLIC


def told_of(card: Json, metadata: Json) -> Json:
    """Fields of the agent's row; metadata given at registration may say what the card leaves out."""
    description = card.get("description") or metadata.get("description") or ""
    version = card.get("version") or metadata.get("version") or ""
    return {
        "description": str(description)[:2000],
        "version": str(version)[:64],
        "framework": str(metadata.get("framework", ""))[:64],
    }
