"""What AgentX shows to the service of an agent elsewhere: checked here, sealed at rest, never told again."""

import re
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _

from security.crypto import seal
from security.errors import InvalidInput

Json = dict[str, Any]
# By scheme: what it needs. `name` of an apiKey is its header.
NEEDED: Final = {"bearer": ("token",), "basic": ("username", "password"), "apiKey": ("value",)}
SPELLINGS: Final = {"bearer": "bearer", "basic": "basic", "apikey": "apiKey"}
MAX_SECRET: Final = 8_192
TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
# Headers that AgentX or HTTP itself sets.
OURS: Final = frozenset(
    {
        "accept",
        "agentx-hops",
        "a2a-extensions",
        "a2a-version",
        "connection",
        "content-length",
        "content-type",
        "host",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-request-id",
    }
)


def sealed(given: Json | None) -> str:
    """Text for `Upstream.credentials`. Nothing, or an empty object, is no credential. Raises `InvalidInput`."""
    return seal(orjson.dumps(checked(given)).decode()) if given else ""


def checked(given: Json) -> Json:
    scheme = SPELLINGS.get(str(given.get("scheme", "")).lower())
    if scheme is None:
        raise _invalid("credentials.scheme", _("must be bearer, basic or apiKey"))
    kept: Json = {"scheme": scheme}
    for name in NEEDED[scheme]:
        kept[name] = _secret(given, name)
    if scheme == "apiKey" and given.get("name"):
        kept["name"] = _header(given["name"])
    if scheme == "basic" and ":" in kept["username"]:
        raise _invalid("credentials.username", _("must not contain a colon"))
    return kept


def _secret(given: Json, name: str) -> str:
    """What may stand in a header: nothing that could end it."""
    value, field = given.get(name), f"credentials.{name}"
    if not isinstance(value, str) or not value:
        raise _invalid(field, _("is required"))
    if len(value) > MAX_SECRET:
        raise _invalid(field, _("is too long"))
    if not value.isprintable():
        raise _invalid(field, _("holds characters that a header must not have"))
    return value


def _header(name: Any) -> str:
    if not isinstance(name, str) or not TOKEN.match(name) or name.lower() in OURS:
        raise _invalid("credentials.name", _("is not the name of a header that may be set"))
    return name


def _invalid(field: str, what: str) -> InvalidInput:
    return InvalidInput(f"{field}: {what}", fields={field: what})
