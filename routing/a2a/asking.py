"""What stands beside a request in its headers, or in gRPC's metadata: version, extensions, and what AgentX adds."""

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from registry.profile import Profile
from routing.a2a import calls
from routing.a2a.params.reading import BIGGEST, invalid
from routing.requests import IDEMPOTENT, Asked

EXTENSIONS: Final = {"1.0": "A2A-Extensions", "0.3": "X-A2A-Extensions"}
OWN_EXTENSIONS: Final = frozenset({IDEMPOTENT})
MAX_HEADER: Final = 8_192  # characters of extension URIs that are looked at


def version(request: HttpRequest) -> str:
    """The version asked for, or nothing."""
    asked: str = request.META.get("HTTP_A2A_VERSION") or request.GET.get(calls.HEADER) or ""
    return asked


def extensions(request: HttpRequest) -> frozenset[str]:
    """Under either name, whatever the version: clients mix them."""
    headers = request.META
    return uris(headers.get("HTTP_A2A_EXTENSIONS"), headers.get("HTTP_X_A2A_EXTENSIONS"))


def uris(*lists: str | None) -> frozenset[str]:
    """Of lists separated by commas."""
    told = ",".join(each for each in lists if each)
    return frozenset(uri for each in told[:MAX_HEADER].split(",") if (uri := each.strip()))


def asked(request: HttpRequest, door: str, dialect: str) -> Asked:
    """Raises `InvalidInput` for a Last-Event-ID that is none of ours."""
    headers = request.META
    opted_in = headers.get("HTTP_AGENTX_IDEMPOTENT", "")
    return beside(door, dialect, extensions(request), opted_in, headers.get("HTTP_LAST_EVENT_ID"))


def beside(
    door: str, dialect: str, named: frozenset[str], idempotent: str, last_event: str | None
) -> Asked:
    """Of the values of these headers. Raises `InvalidInput` for a Last-Event-ID that is none of ours."""
    is_idempotent = idempotent.lower() == "true" or IDEMPOTENT in named
    after = _last_event(last_event)
    return Asked(door, dialect, named, is_idempotent=is_idempotent, after=after)


def _last_event(told: str | None) -> int | None:
    if not told:
        return None
    if not (told.isascii() and told.isdigit()) or len(told) > 10 or int(told) > BIGGEST:
        raise invalid("Last-Event-ID", "must be the number of an event of this task")
    return int(told)


def with_extensions(
    response: HttpResponseBase, named: frozenset[str], profile: Profile | None, dialect: str
) -> HttpResponseBase:
    """Tells which of the named extensions are in use."""
    if used := in_use(named, profile):
        response[EXTENSIONS[dialect]] = used
    return response


def in_use(named: frozenset[str], profile: Profile | None) -> str:
    """Those of the named extensions that the agent or AgentX itself has, separated by commas."""
    return ", ".join(sorted(named & OWN_EXTENSIONS.union(profile.extensions if profile else ())))
