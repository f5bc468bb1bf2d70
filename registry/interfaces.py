"""Where an agent that lives elsewhere says it can be reached: the interfaces of its card, 1.0 or 0.3. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]
# What AgentX speaks to agents elsewhere.
BINDINGS: Final = ("JSONRPC", "HTTP+JSON", "GRPC")
VERSIONS: Final = ("1.0", "0.3")
# The 0.3 line begins with cards that name no version, and its dialect is that of 0.2.
OLDER: Final = ("", "0.2", "0.3")


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to an agent. `version` is "1.0" or "0.3"; `tenant` is what its card wants to hear with each request."""

    url: str
    binding: str = "JSONRPC"
    version: str = "1.0"
    tenant: str = ""


def interfaces_of(card: Json) -> list[Interface]:
    """In the card's order of preference, only what AgentX speaks."""
    told = [*_current(card), *_older(card)]
    found = [each for each in told if each is not None]
    return list(dict.fromkeys(found))


def _current(card: Json) -> Iterable[Interface | None]:
    for entry in _entries(card, "supportedInterfaces"):
        yield _interface(
            entry.get("url"),
            entry.get("protocolBinding"),
            entry.get("protocolVersion"),
            entry.get("tenant"),
        )


def _older(card: Json) -> Iterable[Interface | None]:
    """The 0.3 form: one preferred address and others beside it."""
    version = card.get("protocolVersion") or "0.3"
    yield _interface(card.get("url"), card.get("preferredTransport") or "JSONRPC", version)
    for entry in _entries(card, "additionalInterfaces"):
        yield _interface(entry.get("url"), entry.get("transport"), version)


def _entries(card: Json, name: str) -> list[Json]:
    value = card.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _interface(url: Any, binding: Any, version: Any, tenant: Any = "") -> Interface | None:
    spoken = _version(version)
    if not isinstance(url, str) or not url or binding not in BINDINGS or spoken is None:
        return None
    return Interface(url, binding, spoken, tenant if isinstance(tenant, str) else "")


def _version(told: Any) -> str | None:
    """Major and minor of what is told, when AgentX speaks it."""
    short = ".".join(str(told or "").split(".")[:2])
    if short in OLDER:
        return "0.3"
    return short if short in VERSIONS else None
