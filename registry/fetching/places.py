"""Where cards may be, and whose keys speak for them. No network."""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from security import addresses

WELL_KNOWN: Final = ("/.well-known/agent-card.json", "/.well-known/agent.json")


def places(url: str, *, endpoint: bool = False) -> list[str]:
    """Where a card may be: at a file's own address, under a folder, and for an endpoint at its host as well."""
    bare = url.partition("?")[0].rstrip("/")
    if urlsplit(url).path.endswith(".json"):
        return [url]
    under = [bare + path for path in WELL_KNOWN]
    if not endpoint:
        return [*under, url]
    parts = urlsplit(url)
    host = [f"{parts.scheme}://{parts.netloc}{path}" for path in WELL_KNOWN]
    return list(dict.fromkeys((*under, *host)))


def is_of_origin(url: str, other: str) -> bool:
    """Whether keys at `url` speak for a card at `other`: the same origin, and nobody in between could have put them there."""
    mine, theirs = urlsplit(url), urlsplit(other)
    if (mine.scheme, mine.netloc.lower()) != (theirs.scheme, theirs.netloc.lower()):
        return False
    return mine.scheme == "https" or _is_near(mine.hostname or "")


def _is_near(host: str) -> bool:
    """A private address that the operator allowed, which plain HTTP reaches without the open network."""
    address = addresses.address_of(host)
    if address is None:
        return host.lower() in {each.lower() for each in settings.WEBHOOK_ALLOW}
    return not addresses.is_public(address) and addresses.is_allowed(host, address)
