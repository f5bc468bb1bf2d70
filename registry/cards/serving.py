"""The card that callers get: what the agent says, and what only AgentX can know: its addresses and how to authenticate.

Made when it is asked for, so that another AGENTX_PUBLIC_URL needs nothing published again.
"""

from dataclasses import dataclass
from typing import Any, Final

Card = dict[str, Any]
VERSION_1: Final = "1.0"
VERSION_0_3: Final = "0.3"
ROUTER: Final = "router"  # the front door's name; no agent may have it
SCHEMES: Final[dict[str, Any]] = {
    "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}},
    "apiKey": {"apiKeySecurityScheme": {"location": "header", "name": "X-API-Key"}},
}
# The right that a key needs. Named, because an empty list would be dropped by some verifiers of signatures and kept by
# others; OpenAPI 3.1 allows names of roles here for schemes other than OAuth.
RIGHTS: Final = ["agents.call"]
REQUIREMENTS: Final[list[dict[str, Any]]] = [
    {"schemes": {"bearer": {"list": RIGHTS}}},
    {"schemes": {"apiKey": {"list": RIGHTS}}},
]


@dataclass(frozen=True, slots=True)
class Doors:
    """`public_url` without a slash at its end; `grpc`: `host:port` of the gateway, empty for none.

    `unnamed`: the agent that a gRPC call without a tenant reaches, as calls of 0.3 are.
    """

    public_url: str
    grpc: str = ""
    unnamed: str = ""


def served(said: Card, *, slug: str, doors: Doors, is_open: bool) -> Card:
    """The A2A 1.0 card of `slug`, unsigned. Nothing in it is empty."""
    card = {key: value for key, value in said.items() if key != "extended"}
    card["supportedInterfaces"] = interfaces(slug, doors)
    if not is_open:
        card |= {"securitySchemes": SCHEMES, "securityRequirements": REQUIREMENTS}
    elif card["capabilities"].get("extendedAgentCard"):
        # Nobody needs a key, but who wants the extended card must be told how to show one.
        card["securitySchemes"] = SCHEMES
    return card


def interfaces(slug: str, doors: Doors) -> list[Card]:
    """Where the agent is reached, the one to prefer first; what old clients speak comes last."""
    base = f"{doors.public_url}/a2a/{slug}"
    found = [
        _interface(f"{base}/", "JSONRPC", VERSION_1),
        _interface(base, "HTTP+JSON", VERSION_1),
    ]
    if doors.grpc:  # one port serves every agent: `tenant` says which
        found.append(_interface(doors.grpc, "GRPC", VERSION_1) | {"tenant": slug})
    found += [
        _interface(f"{base}/", "JSONRPC", VERSION_0_3),
        _interface(base, "HTTP+JSON", VERSION_0_3),
    ]
    if doors.grpc and slug in (ROUTER, doors.unnamed):  # gRPC of 0.3 knows no tenants
        found.append(_interface(doors.grpc, "GRPC", VERSION_0_3))
    return found


def _interface(url: str, binding: str, version: str) -> Card:
    return {"url": url, "protocolBinding": binding, "protocolVersion": version}
