"""Who is behind a console session, where Django's request cycle is not: WebSockets, which outlive their handshake."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from security.errors import NotAuthenticated
from security.models import User
from security.principals import ANONYMOUS, Principal
from security.selectors import user_principal
from security.verdicts import verdicts


def session_principal(cookies: Mapping[str, str]) -> Principal:
    """The person whose session cookie this is, as the database knows them now; queries. Else `ANONYMOUS`."""
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return ANONYMOUS
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    return user_principal(user) if isinstance(user, User) and user.is_active else ANONYMOUS


def socket_principal(scope: Mapping[str, Any]) -> Principal:
    """Who opened this WebSocket: an API key in the headers, else a session. Raises `NotAuthenticated` for a bad key."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get(b"authorization", "")
    scheme, _, key = authorization.partition(" ")
    if authorization and scheme.lower() != "bearer":
        raise NotAuthenticated("Only 'Authorization: Bearer <API key>' is understood.")
    if key := key.strip() or headers.get(b"x-api-key", ""):
        return verdicts.judge(key)  # asked anew each time: a socket outlives what is remembered
    return session_principal(parse_cookie(headers.get(b"cookie", "")))
