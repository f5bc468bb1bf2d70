"""Whom a plugin may talk to: by name before it is looked up, by address after. Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Final

LOCAL_NAMES: Final = frozenset({"localhost", "ip6-localhost"})
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Allowed:
    """`hosts`: names or addresses, with or without a port; a leading `*.` takes subdomains, and those alone.

    `local`: this machine's loopback instead of hosts. `public_only`: a name must not lead into a private network.
    """

    hosts: tuple[str, ...] = ()
    local: bool = False
    public_only: bool = False
    ours: frozenset[int] = frozenset()  # ports of AgentX itself on this machine

    def why_not(self, host: str, port: int) -> str:
        """Empty: it may be looked up."""
        if self.local:
            return self._why_not_local(host, port)
        if any(_fits(entry, _plain(host), port) for entry in self.hosts):
            return ""
        return f"{host}:{port} is not among the hosts that this plugin may talk to"

    def why_not_address(self, host: str, address: str, port: int = 0) -> str:
        """What a listed name leads to. A name that its owner points at this machine opens nothing here."""
        found = _address(address)
        if found is None:
            return f"{host} leads to {address}, which is no address"
        if port in self.ours and (found.is_loopback or found.is_unspecified):
            return f"{host}:{port} belongs to AgentX itself"  # listed or not
        if self.local:
            return (
                "" if found.is_loopback else f"{host} leads to {found}, which is not this machine"
            )
        if _address(host) is not None or _plain(host) in LOCAL_NAMES:
            return ""  # listed as what it is
        inner = found.is_loopback or found.is_link_local or found.is_unspecified
        if inner or found.is_multicast or (self.public_only and not found.is_global):
            return f"{host} leads to {found}, which is not in the public network"
        return ""

    def _why_not_local(self, host: str, port: int) -> str:
        address = _address(host)
        is_local = address.is_loopback if address else _plain(host) in LOCAL_NAMES
        if not is_local:
            return f"{host}:{port} is not on this machine, where alone this plugin may talk"
        if port in self.ours:
            return f"{host}:{port} belongs to AgentX itself"
        return ""


def _fits(entry: str, host: str, port: int) -> bool:
    name, wanted = _split(entry)
    if wanted is not None and wanted != port:
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    address = _address(name)
    return address == _address(host) if address else name == host


def _split(entry: str) -> tuple[str, int | None]:
    """`name`, `name:443`, `[::1]:443`, `::1`."""
    text = entry.strip()
    if text.startswith("["):
        name, _, rest = text[1:].partition("]")
        return _plain(name), int(rest[1:]) if rest[1:].isdigit() else None
    name, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in name:
        return _plain(name), int(port)
    return _plain(text), None


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower()


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
