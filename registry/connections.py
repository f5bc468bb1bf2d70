"""How to call an agent that lives elsewhere: its interface, and what its service wants to see of us."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from registry.errors import AgentNotFound
from registry.interfaces import Interface
from registry.models import Upstream
from security.crypto import unseal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """`headers` carry the credential: never logged, never shown."""

    name: str
    interface: Interface
    streaming: bool
    extensions: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Connection({self.name}, {self.interface.url})"


def connection_of(upstream_id: UUID | str) -> Connection:
    """Of an upstream as it is now. Raises `AgentNotFound`, or `SealBroken` when its credential cannot be opened."""
    found = Upstream.objects.select_related("agent").filter(id=upstream_id).first()
    if found is None:
        raise AgentNotFound(_("The agent is gone."))
    return Connection(
        name=found.agent.slug,
        interface=interface_of(found),
        streaming=found.streaming,
        extensions=tuple(found.extensions),
        headers=tuple(headers_of(credentials_of(found)).items()),
    )


def interface_of(upstream: Upstream) -> Interface:
    return Interface(
        upstream.url, upstream.binding, upstream.protocol_version, upstream.interface_tenant
    )


def credentials_of(upstream: Upstream) -> Json:
    """As they were given at registration. Raises `SealBroken`."""
    opened = unseal(upstream.credentials)
    return dict(orjson.loads(opened)) if opened else {}


def headers_of(credentials: Json) -> dict[str, str]:
    """What shows these credentials (checked by `registry.services.credentials`) to the agent's service."""
    match credentials.get("scheme"):
        case "bearer":
            return {"Authorization": f"Bearer {credentials['token']}"}
        case "basic":
            pair = f"{credentials['username']}:{credentials['password']}"
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        case "apiKey":
            return {credentials.get("name") or "X-API-Key": credentials["value"]}
    return {}
