"""Where a webhook may go: not to what only this machine or its neighbours can reach, unless an operator allows it."""

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# All that is routed on the internet (RFC 4291); what lies outside wraps IPv4, is local, or is for nobody yet.
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# What the C library takes for an IPv4 address: one to four numbers, decimal, octal or hexadecimal.
NUMBERS: Final = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}", re.IGNORECASE)
LOOPBACK: Final = ipaddress.IPv4Address("127.0.0.1")
# Where clouds tell a machine its secrets, by name.
METADATA: Final = ipaddress.IPv4Address("169.254.169.254")
METADATA_NAMES: Final = frozenset({"metadata", "metadata.google.internal", "instance-data"})


def address_of(host: str) -> Address | None:
    """The address that a host is written as, however it is written, or is known to stand for."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    if NUMBERS.fullmatch(name):
        try:
            return ipaddress.IPv4Address(socket.inet_aton(name))
        except OSError:
            return None
    if name == "localhost" or name.endswith(".localhost"):
        return LOOPBACK
    return METADATA if name in METADATA_NAMES else None


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only wraps: that is where the packets end up."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, address))[1]


def is_public(address: Address) -> bool:
    inner = _innermost(address)
    if isinstance(inner, ipaddress.IPv6Address) and inner not in GLOBAL_UNICAST:
        return False
    return inner.is_global and not inner.is_multicast


def is_allowed(host: str, address: Address) -> bool:
    """Public, or named by AGENTX_WEBHOOK_ALLOW as a host, an address or a network."""
    if is_public(address):
        return True
    inner = _innermost(address)
    for entry in settings.WEBHOOK_ALLOW:
        if entry.lower() == host.lower().rstrip("."):
            return True
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            continue
        if inner.version == network.version and inner in network:
            return True
    return False


def refusal(url: str) -> str | None:
    """Why this URL can never be a webhook, as far as its text tells; names are looked up at dispatch."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        return _("is not a URL: %(error)s") % {"error": error}
    if parts.scheme not in {"http", "https"} or not host:
        return _("must be an http or https URL")
    if parts.username or parts.password:
        return _("must not carry a user or password")
    address = address_of(host)
    if address is not None and not is_allowed(host, address):
        return private(host, address)
    return None


def private(host: str, address: Address) -> str:
    told = host if host == str(address) else f"{host} ({address})"
    return _("%(host)s is a private address; AGENTX_WEBHOOK_ALLOW can allow it") % {"host": told}
