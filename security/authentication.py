"""Who sent this request? API keys and console sessions, for DRF views, sync and in the lean lane alike."""

import hmac
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from security import context
from security.errors import Forbidden, NotAuthenticated
from security.models import User
from security.principals import ANONYMOUS, Principal
from security.rows import ask
from security.selectors import user_principal
from security.sessions import judge_session, remembered_session
from security.turn_tokens import is_turn_token
from security.verdicts import verdicts


def offered_key(request: HttpRequest | Request) -> str | None:
    """The key in `Authorization: Bearer …` or `X-API-Key`, if there is one."""
    headers = request.META
    return key_in(headers.get("HTTP_AUTHORIZATION"), headers.get("HTTP_X_API_KEY"))


def key_in(authorization: str | None, api_key: str | None) -> str | None:
    """The key that a caller offers in either place, if there is one. Raises `NotAuthenticated` for another scheme."""
    if not authorization:
        return api_key or None
    scheme, _space, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise NotAuthenticated(_("Only 'Authorization: Bearer <API key>' is understood."))
    return key.strip()


def _placed(principal: Principal, request: HttpRequest | Request) -> Principal:
    return principal.seen_from(source_ip=_address(request), request_id=context.request_id.get())


def _address(request: HttpRequest | Request) -> str:
    return as_address(request.META.get("REMOTE_ADDR") or "")


@lru_cache(maxsize=1024)
def as_address(told: str) -> str:
    """An IP address, or nothing: what a proxy tells may be anything, and the audit's column takes only addresses."""
    try:
        return str(ip_address(told.partition("%")[0]))
    except ValueError:
        return ""


def _known(key: str, request: HttpRequest | Request) -> Principal:
    return verdicts.remembered(key) or verdicts.judge_from(key, _address(request))


class ApiKeyAuthentication(BaseAuthentication):
    """Gives `(None, Principal)`: services want a principal, not a user."""

    def authenticate(self, request: Request) -> tuple[None, Principal] | None:
        key = offered_key(request)
        if key is None:
            return None
        return None, _placed(_known(key, request), request)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="agentx"'


class ConsoleSessionAuthentication(BaseAuthentication):
    """A person logged in to the console; unsafe methods need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Principal] | None:
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        _require_csrf(request)
        return user, _placed(user_principal(user), request)


def _require_csrf(request: Request) -> None:
    check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
    check.process_request(request)
    if refusal := check.process_view(request, lambda _request: HttpResponse(), (), {}):
        raise Forbidden(_("CSRF check failed: %(refusal)s") % {"refusal": refusal})


def caller(request: HttpRequest | Request) -> Principal:
    """The principal of a request: DRF's `auth`, a console session's, or nobody."""
    if isinstance(request, Request):
        return request.auth if isinstance(request.auth, Principal) else _placed(ANONYMOUS, request)
    user = getattr(request, "user", None)
    known = user_principal(user) if isinstance(user, User) and user.is_active else ANONYMOUS
    return _placed(known, request)


def key_or_session(request: HttpRequest) -> Principal:
    """The principal of a plain Django view that programs call too. Raises `NotAuthenticated` for a wrong key."""
    key = offered_key(request)
    if key is None:
        return caller(request)
    return _placed(_known(key, request), request)


async def lane_caller(request: HttpRequest, *, takes_turns: bool = False) -> Principal:
    """The principal of a request in the lean lane: no query while the verdict is remembered."""
    key = offered_key(request)
    if key is None:
        return _placed(await _session_caller(request), request)
    return await key_caller(key, _address(request), takes_turns=takes_turns)


async def key_caller(key: str, address: str, *, takes_turns: bool = False) -> Principal:
    """Whom a key stands for, of whichever door; where it `takes_turns`, or the token of a turn.

    Raises `NotAuthenticated`, and `Forbidden` for a turn's token elsewhere.
    """
    if takes_turns and is_turn_token(key):
        principal = verdicts.remembered_turn(key)
        if principal is None:
            principal = await ask(verdicts.judge_turn, key, address)
        return principal.seen_from(source_ip=address, request_id=context.request_id.get())
    principal = verdicts.remembered(key)
    if principal is None:
        principal = await ask(verdicts.judge_from, key, address)
    return principal.seen_from(source_ip=address, request_id=context.request_id.get())


async def _session_caller(request: HttpRequest) -> Principal:
    """The person logged in to the console: their “try it” calls agents as any client does."""
    principal = remembered_session(request.COOKIES)
    if principal is None:
        principal = await ask(judge_session, request.COOKIES)
    if not principal.is_anonymous:
        _require_own_page(request)
    return principal


def _require_own_page(request: HttpRequest) -> None:
    """A session speaks only from the console's own pages: they alone can repeat the CSRF cookie in a header.

    Another site's page can neither read the cookie nor send the header without this host's leave (CORS).
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    header = request.META.get(settings.CSRF_HEADER_NAME, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), header.encode()):
        raise Forbidden(_("CSRF check failed: repeat the csrftoken cookie as X-CSRFToken."))
