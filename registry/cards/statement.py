"""What an agent says of itself: the part of its card that is kept, without addresses and ways to authenticate."""

from typing import Any, Final

from registry.cards.canonical import full
from registry.cards.checking import known, validate_statement
from registry.cards.schema import EXTENDED, STATEMENT
from registry.errors import BadCard

Card = dict[str, Any]
TEXT_MODES: Final = ["text/plain", "application/json"]
# Free for the agent to say beside its skills, modes and capabilities.
OPEN_FIELDS: Final = ("provider", "documentationUrl", "iconUrl")


def statement(*, slug: str, name: str, description: str, version: str, partial: Card) -> Card:
    """The whole of what `slug` says, made of a part. From a statement made before comes the same statement.

    `partial` may hold skills, modes, provider, documentationUrl, iconUrl, `capabilities` (streaming and
    pushNotifications are true unless it says no; extensions) and `extended`: a part of the card for authenticated
    callers. Raises `BadCard`.
    """
    if not isinstance(partial, dict):
        raise BadCard("A card must be an object.")
    extended = _extended(partial.get("extended"))
    said: Card = {
        "name": name,
        "description": description or name,
        "version": version or "0",
        "capabilities": _capabilities(partial.get("capabilities"), bool(extended)),
        "defaultInputModes": partial.get("defaultInputModes") or TEXT_MODES,
        "defaultOutputModes": partial.get("defaultOutputModes") or TEXT_MODES,
        "skills": _skills(partial.get("skills"))
        or [skill_of(slug, name, description or name, [slug])],
    }
    said |= {field: partial[field] for field in OPEN_FIELDS if partial.get(field)}
    if extended:
        said["extended"] = extended
    whole: Card = full(known(said, STATEMENT)) or {}
    validate_statement(whole)
    return whole


def extended_statement(said: Card) -> Card:
    """What the agent says to authenticated callers: its extended part over the rest, skills of both."""
    part: Card = said.get("extended", {})
    skills = {skill["id"]: skill for skill in (*said["skills"], *part.get("skills", ()))}
    return said | part | {"skills": list(skills.values())}


def skill_of(name: str, title: str, description: str, tags: list[str]) -> Card:
    return {"id": name, "name": title, "description": description, "tags": tags}


def skill_from_capability(capability: str) -> Card:
    """What a card tells of a capability that came without a description."""
    words = capability.replace("-", " ").replace("_", " ")
    return skill_of(capability, words, words, [capability])


def _capabilities(told: Any, has_extended: bool) -> Card:
    """A plugin may say no; that there is an extended card is seen, not said."""
    told = {} if told is None else told
    if not isinstance(told, dict):
        raise BadCard(
            "capabilities must be an object.", fields={"capabilities": "must be an object"}
        )
    extensions = told.get("extensions") or []
    return {
        "streaming": told.get("streaming", True),
        "pushNotifications": told.get("pushNotifications", True),
        "extendedAgentCard": has_extended,
        "extensions": _without_false(extensions) if isinstance(extensions, list) else extensions,
    }


def _without_false(extensions: list[Any]) -> list[Any]:
    """`required: false` is what nothing said is too: in a signed card it must not make a difference."""
    return [
        {key: value for key, value in each.items() if (key, value) != ("required", False)}
        if isinstance(each, dict)
        else each
        for each in extensions
    ]


def _skills(told: Any) -> list[Any]:
    """With what manifests may leave out: a description, tags."""
    if not told:
        return []
    if not isinstance(told, list):
        raise BadCard("skills must be a list.", fields={"skills": "must be a list"})
    return [_completed(each) if isinstance(each, dict) else each for each in told]


def _completed(skill: Card) -> Card:
    filled = {key: value for key, value in skill.items() if value}
    return {
        "description": filled.get("name", ""),
        "tags": [filled["id"]] if filled.get("id") else [],
        **filled,
    }


def _extended(told: Any) -> Card:
    if not told:
        return {}
    if not isinstance(told, dict):
        raise BadCard("extended must be an object.", fields={"extended": "must be an object"})
    part: Card = known(told, EXTENDED)
    if "skills" in part:
        part = part | {"skills": _skills(part["skills"])}
    filled: Card = full(part) or {}
    return filled
