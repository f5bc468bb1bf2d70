"""The bytes that a card's signature and digest are made of."""

import hashlib
from typing import Any, Final

import rfc8785

from registry.cards.checking import known
from registry.cards.schema import CARD, Schema

Card = dict[str, Any]
# Plain protobuf booleans: false is the same as absent. Those of `capabilities` are told apart.
_UNSET_WHEN_FALSE: Final = ("required", "pkceRequired")


def digest(card: Card) -> str:
    """SHA-256 in hex over the card without its signatures, in RFC 8785 form."""
    return hashlib.sha256(rfc8785.dumps(unsigned(card))).hexdigest()


def unsigned(card: Card) -> Card:
    return {key: value for key, value in card.items() if key != "signatures"}


def full(value: Any) -> Any:
    """Without what is empty (texts, lists, objects, null), at any depth; None when nothing is left.

    The SDKs sign and verify this form. A card that AgentX serves holds nothing empty, so that this form and the one
    that the specification describes are the same bytes.
    """
    if isinstance(value, dict):
        kept = {key: inner for key, each in value.items() if (inner := full(each)) is not None}
        return kept or None
    if isinstance(value, list):
        items = [inner for each in value if (inner := full(each)) is not None]
        return items or None
    return None if value == "" else value


def without_defaults(value: Any, schema: Schema = CARD) -> Any:
    """As the specification wants it signed: what equals protobuf's default goes, required fields stay."""
    if isinstance(value, list):
        return [without_defaults(each, schema.get("items", {})) for each in value]
    if not isinstance(value, dict) or "properties" not in schema:
        inner = schema.get("additionalProperties") if isinstance(value, dict) else None
        return {k: without_defaults(v, inner) for k, v in value.items()} if inner else value
    return {
        key: without_defaults(each, schema["properties"][key])
        for key, each in value.items()
        if key in schema["required"] or not _is_unset(key, each, schema)
    }


def _is_unset(key: str, value: Any, schema: Schema) -> bool:
    if key in _UNSET_WHEN_FALSE:
        return value is False
    kind = schema["properties"][key]
    return value in ("", None) or (
        value in ([], {}) and ("items" in kind or "additionalProperties" in kind)
    )


def payload(card: Card) -> bytes:
    """What AgentX signs: the known fields of a card, without signatures and empty values."""
    told = without_defaults(known(unsigned(card)))
    return rfc8785.dumps(full(told) or {})


def payloads(card: Card) -> list[bytes]:
    """Everything that a signer elsewhere may have taken for this card's canonical form, likeliest first."""
    told = known(unsigned(card))
    forms = (payload(card), *map(rfc8785.dumps, (without_defaults(told), told, unsigned(card))))
    return list(dict.fromkeys(forms))
