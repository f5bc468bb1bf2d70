"""Agent cards of 0.3 and of 1.0, and the one that serves both. Pure."""

from collections.abc import Iterable
from typing import Any, Final

Json = dict[str, Any]

OLDER: Final = "0.3"
ALIKE: Final = (
    "name",
    "description",
    "version",
    "provider",
    "documentationUrl",
    "iconUrl",
    "defaultInputModes",
    "defaultOutputModes",
    "signatures",
)
# 1.0's member of a scheme, and the `type` of 0.3.
SCHEMES: Final = {
    "apiKeySecurityScheme": "apiKey",
    "httpAuthSecurityScheme": "http",
    "oauth2SecurityScheme": "oauth2",
    "openIdConnectSecurityScheme": "openIdConnect",
    "mtlsSecurityScheme": "mutualTLS",
}
MEMBERS: Final = {old: new for new, old in SCHEMES.items()}
# 0.3 has no device flow.
FLOWS: Final = ("authorizationCode", "clientCredentials", "implicit", "password")


def is_old(version: str | None) -> bool:
    """Whether an interface of this protocol version speaks 0.3 (or 0.2, or does not say)."""
    return not version or version.split(".")[0] == "0"


def _some(holder: Json, names: Iterable[str]) -> Json:
    return {name: holder[name] for name in names if holder.get(name) is not None}


# ---- 1.0 -> 0.3


def card_from_1_0(card: Json) -> Json:
    """The 0.3 card. One without an interface of 0.3 names its first interface: better than no address."""
    interfaces = card.get("supportedInterfaces", [])
    usable = [each for each in interfaces if is_old(each.get("protocolVersion"))] or interfaces[:1]
    first, more = usable[0], usable[1:]
    told = _some(card, ALIKE) | {
        "url": first["url"],
        "preferredTransport": first.get("protocolBinding", "JSONRPC"),
        "protocolVersion": first.get("protocolVersion") or OLDER,
        "capabilities": _capabilities_from_1_0(card.get("capabilities", {})),
        "skills": [_skill_from_1_0(skill) for skill in card.get("skills", [])],
    }
    if more:
        told["additionalInterfaces"] = [
            {"url": each["url"], "transport": each.get("protocolBinding", "")} for each in more
        ]
    if card.get("capabilities", {}).get("extendedAgentCard"):
        told["supportsAuthenticatedExtendedCard"] = True
    return told | _security_from_1_0(card)


def merged(card: Json) -> Json:
    """The 1.0 card with 0.3's fields beside its own: where both know a field, 1.0's value stands.

    As PyPI a2a-sdk 1.3.0 serves it (agent_card_to_dict): clients of either version find what they know.
    """
    interfaces = card.get("supportedInterfaces", [])
    if not any(is_old(each.get("protocolVersion")) for each in interfaces):
        return card
    told: Json = _merge(card, card_from_1_0(card))
    return told


def _merge(ours: Any, more: Any) -> Any:
    if isinstance(ours, dict) and isinstance(more, dict):
        both = {key: _merge(value, more[key]) for key, value in ours.items() if key in more}
        return {**ours, **both, **{key: more[key] for key in more if key not in ours}}
    if isinstance(ours, list) and isinstance(more, list):
        pairs = [_merge(one, other) for one, other in zip(ours, more, strict=False)]
        return pairs + ours[len(pairs) :]
    return ours


def _capabilities_from_1_0(capabilities: Json) -> Json:
    return _some(capabilities, ("streaming", "pushNotifications", "extensions"))


def _skill_from_1_0(skill: Json) -> Json:
    told = _some(skill, ("id", "name", "description", "examples", "inputModes", "outputModes"))
    told["tags"] = skill.get("tags", [])
    if requirements := skill.get("securityRequirements"):
        told["security"] = [_requirement_from_1_0(each) for each in requirements]
    return told


def _security_from_1_0(card: Json) -> Json:
    told: Json = {}
    if schemes := card.get("securitySchemes"):
        told["securitySchemes"] = {
            name: _scheme_from_1_0(scheme) for name, scheme in schemes.items()
        }
    if requirements := card.get("securityRequirements"):
        told["security"] = [_requirement_from_1_0(each) for each in requirements]
    return told


def _requirement_from_1_0(requirement: Json) -> Json:
    schemes = requirement.get("schemes", {})
    return {name: list(scopes.get("list", [])) for name, scopes in schemes.items()}


def _scheme_from_1_0(scheme: Json) -> Json:
    for member, kind in SCHEMES.items():
        if member in scheme:
            told = {"type": kind, **scheme[member]}
            if kind == "apiKey":
                told["in"] = told.pop("location", "header")
            if kind == "oauth2":
                told["flows"] = _some(told.get("flows", {}), FLOWS)
            return told
    return dict(scheme)


# ---- 0.3 -> 1.0


def card_to_1_0(card: Json) -> Json:
    """The 1.0 card of a 0.3 one; a card that is 1.0's already (or both at once) keeps what is 1.0's."""
    told = _some(card, ALIKE) | {
        "supportedInterfaces": card.get("supportedInterfaces") or _interfaces_to_1_0(card),
        "capabilities": _capabilities_to_1_0(card),
        "skills": [_skill_to_1_0(skill) for skill in card.get("skills") or []],
    }
    if schemes := card.get("securitySchemes"):
        told["securitySchemes"] = {name: _scheme_to_1_0(scheme) for name, scheme in schemes.items()}
    if requirements := card.get("securityRequirements"):
        told["securityRequirements"] = requirements
    elif old := card.get("security"):
        told["securityRequirements"] = [_requirement_to_1_0(each) for each in old]
    return told


def _interfaces_to_1_0(card: Json) -> list[Json]:
    """The main address first; the others once each, for 0.3's list may repeat it."""
    version = card.get("protocolVersion") or OLDER
    main = card.get("url", ""), card.get("preferredTransport") or "JSONRPC"
    more = [
        (each.get("url", ""), each.get("transport", ""))
        for each in card.get("additionalInterfaces") or []
    ]
    return [
        {"url": url, "protocolBinding": binding, "protocolVersion": version}
        for url, binding in dict.fromkeys([main, *more])
    ]


def _capabilities_to_1_0(card: Json) -> Json:
    given = card.get("capabilities") or {}
    known = ("streaming", "pushNotifications", "extensions", "extendedAgentCard")
    told = _some(given, known)
    if card.get("supportsAuthenticatedExtendedCard"):
        told["extendedAgentCard"] = True
    return told


def _skill_to_1_0(skill: Json) -> Json:
    told = {key: value for key, value in skill.items() if key != "security" and value is not None}
    if "securityRequirements" not in told and skill.get("security"):
        told["securityRequirements"] = [_requirement_to_1_0(each) for each in skill["security"]]
    return told


def _requirement_to_1_0(requirement: Json) -> Json:
    return {"schemes": {name: {"list": list(scopes)} for name, scopes in requirement.items()}}


def _scheme_to_1_0(scheme: Json) -> Json:
    if own := [member for member in SCHEMES if member in scheme]:
        return {own[0]: scheme[own[0]]}
    member = MEMBERS.get(scheme.get("type", ""))
    if member is None:
        return scheme
    told = {key: value for key, value in scheme.items() if key not in ("type", "in")}
    if "in" in scheme:
        told["location"] = scheme["in"]
    return {member: told}
