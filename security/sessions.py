"""Who is behind a console session, where Django's request cycle is not: WebSockets and the lean lane."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from security.errors import NotAuthenticated
from security.models import User
from security.principals import ANONYMOUS, Principal
from security.selectors import user_principal
from security.verdicts import verdicts

# No header can hold this character, so no key that is sent can be taken for a session.
MARK: Final = "\0session:"


def session_principal(cookies: Mapping[str, str]) -> Principal:
    """The person whose session cookie this is, as the database knows them now; queries. Else `ANONYMOUS`."""
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return ANONYMOUS
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    return user_principal(user) if isinstance(user, User) and user.is_active else ANONYMOUS


def remembered_session(cookies: Mapping[str, str]) -> Principal | None:
    """The person behind a session cookie, while the verdict is remembered; without a cookie nobody."""
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    return verdicts.remembered(MARK + key) if key else ANONYMOUS


def judge_session(cookies: Mapping[str, str]) -> Principal:
    """Ask the database, and remember the answer as long as that of a key."""
    since = verdicts.since()
    principal = session_principal(cookies)
    if not principal.is_anonymous:
        verdicts.keep(MARK + cookies[settings.SESSION_COOKIE_NAME], principal, since)
    return principal


def socket_principal(scope: Mapping[str, Any]) -> Principal:
    """Who opened this WebSocket: an API key in the headers, else a session. Raises `NotAuthenticated` for a bad key."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get(b"authorization", "")
    scheme, _, key = authorization.partition(" ")
    if authorization and scheme.lower() != "bearer":
        raise NotAuthenticated("Only 'Authorization: Bearer <API key>' is understood.")
    if key := key.strip() or headers.get(b"x-api-key", ""):
        # Asked anew each time: a socket outlives what is remembered.
        return verdicts.judge_from(key, (scope.get("client") or ("",))[0])
    return session_principal(parse_cookie(headers.get(b"cookie", "")))
