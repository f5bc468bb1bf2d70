"""Agent cards (A2A 1.0): what AgentX says of an agent. Pure: no Django, no I/O.

A plugin or a registration gives a part (description, skills, modes); AgentX writes what only it can know: the
addresses, which are its own, what its doors can do, and how to authenticate.
"""

import hashlib
import json
from typing import Any, Final

from registry.errors import BadCard

PROTOCOL_VERSION: Final = "1.0"
ROUTER: Final = "router"  # the front door's name; no agent may have it
TEXT_MODES: Final = ["text/plain", "application/json"]
# Free for the agent to say; everything else in a card is AgentX's own word.
OPEN_FIELDS: Final = ("provider", "documentationUrl", "iconUrl")
SCHEMES: Final[dict[str, Any]] = {
    "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}},
    "apiKey": {"apiKeySecurityScheme": {"location": "header", "name": "X-API-Key"}},
}
REQUIREMENTS: Final[list[dict[str, Any]]] = [
    {"schemes": {"bearer": {"list": []}}},
    {"schemes": {"apiKey": {"list": []}}},
]

Card = dict[str, Any]


def build_card(
    *,
    slug: str,
    name: str,
    description: str,
    version: str,
    partial: Card,
    public_url: str,
    grpc_url: str | None,
    is_open: bool = False,
) -> Card:
    """The card AgentX serves for `slug`. Building from a card that was built before gives the same card.

    Raises `BadCard` for a part that is not a card's.
    """
    card: Card = {
        "name": name,
        "description": description or name,
        "version": version or "0",
        "supportedInterfaces": _interfaces(slug, public_url, grpc_url),
        "capabilities": {
            "streaming": True,
            "pushNotifications": False,
            "extendedAgentCard": False,
        },
        "defaultInputModes": partial.get("defaultInputModes") or TEXT_MODES,
        "defaultOutputModes": partial.get("defaultOutputModes") or TEXT_MODES,
        "skills": _skills(partial, slug, name, description),
    }
    card |= {field: partial[field] for field in OPEN_FIELDS if partial.get(field)}
    card = with_security(card, is_open)
    validate_card(card)
    return card


def with_security(card: Card, is_open: bool) -> Card:
    """The same card for an agent that anybody may call, or that wants a key."""
    bare = {k: v for k, v in card.items() if k not in ("securitySchemes", "securityRequirements")}
    if is_open:
        return bare
    return bare | {"securitySchemes": SCHEMES, "securityRequirements": REQUIREMENTS}


def validate_card(card: Card) -> None:
    """Raise `BadCard` with the first thing that is wrong."""
    for field in ("name", "description", "version"):
        _require_text(card, field, field)
    for field in ("defaultInputModes", "defaultOutputModes"):
        _require_texts(card.get(field), field)
    interfaces = card.get("supportedInterfaces")
    if not isinstance(interfaces, list) or not interfaces:
        raise BadCard("A card needs at least one entry in supportedInterfaces.")
    for index, interface in enumerate(interfaces):
        for field in ("url", "protocolBinding", "protocolVersion"):
            _require_text(interface, field, f"supportedInterfaces[{index}].{field}")
    if not isinstance(card.get("capabilities"), dict):
        raise BadCard("A card's capabilities must be an object.")
    _validate_skills(card.get("skills"))


def digest(card: Card) -> str:
    """SHA-256 in hex over the card's canonical JSON (sorted keys, no blanks)."""
    text = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def skill_from_capability(capability: str) -> Card:
    """What a card tells of a capability that came without a description."""
    words = capability.replace("-", " ").replace("_", " ")
    return {"id": capability, "name": words, "description": words, "tags": [capability]}


def _interfaces(slug: str, public_url: str, grpc_url: str | None) -> list[Card]:
    doors = [
        {
            "url": f"{public_url.rstrip('/')}/a2a/{slug}/",
            "protocolBinding": "JSONRPC",
            "protocolVersion": PROTOCOL_VERSION,
        }
    ]
    if grpc_url:
        # One port serves every agent: `tenant` says which.
        doors.append(
            {
                "url": grpc_url,
                "protocolBinding": "GRPC",
                "protocolVersion": PROTOCOL_VERSION,
                "tenant": slug,
            }
        )
    return doors


def _skills(partial: Card, slug: str, name: str, description: str) -> list[Card]:
    skills = partial.get("skills") or []
    if not isinstance(skills, list):
        raise BadCard("skills must be a list.")
    return skills or [
        {"id": slug, "name": name, "description": description or name, "tags": [slug]}
    ]


def _validate_skills(skills: Any) -> None:
    if not isinstance(skills, list) or not skills:
        raise BadCard("A card needs at least one skill.")
    for index, skill in enumerate(skills):
        for field in ("id", "name", "description"):
            _require_text(skill, field, f"skills[{index}].{field}")
        _require_texts(skill.get("tags"), f"skills[{index}].tags")


def _require_text(holder: Any, field: str, path: str) -> None:
    if not isinstance(holder, dict):
        raise BadCard(f"{path.rpartition('.')[0]} must be an object.")
    value = holder.get(field)
    if not isinstance(value, str) or not value.strip():
        raise BadCard(f"A card needs {path} to be a text that is not empty.")


def _require_texts(value: Any, path: str) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise BadCard(f"A card needs {path} to be a list of texts that is not empty.")
