"""Tokens of turns: with one, an agent that is at work for a caller may call other agents in that caller's name.

A grant as JSON, and its HMAC-SHA256 under a key made from SECRET_KEY: to read one takes no query. What its caller may do is
asked anew all the same (`security.verdicts`), so that a token ends with the key or the person that it stands for. Good for
A2A calls alone; every other door refuses it.
"""

import base64
import binascii
import hmac
import time
from functools import cache
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from security.errors import NotAuthenticated
from security.principals import Grant

MARK: Final = "agxturn_"
PURPOSE: Final = b"agentx turn tokens 1"
MAX_TOKEN: Final = 4_096  # characters
VERSION: Final = 2


def is_turn_token(credential: str) -> bool:
    """Whether it claims to be one."""
    return credential.startswith(MARK)


def issue(grant: Grant) -> str:
    """The token that stands for this grant."""
    told = [VERSION, grant.subject, grant.task, grant.agent, list(grant.chain), grant.trace]
    payload = orjson.dumps([*told, grant.expires, grant.scope, grant.hops])
    return f"{MARK}{_text(payload)}.{_text(_mac(settings.SECRET_KEY, payload))}"


def read(token: str) -> Grant:
    """Raises `NotAuthenticated` for one that is not ours, or is over."""
    payload, mac = _parts(token)
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(_mac(key, payload), mac) for key in keys):
        raise NotAuthenticated(_("The turn's token is not one of this AgentX."))
    version, *told = orjson.loads(payload)
    if version != VERSION:
        raise NotAuthenticated(_("The turn's token is of another AgentX."))
    subject, task, agent, chain, trace, expires, scope, hops = told
    if expires <= time.time():
        raise NotAuthenticated(_("The turn's token is over: it lasts as long as its turn may."))
    return Grant(subject, task, agent, tuple(chain), trace, expires, scope, hops)


def _parts(token: str) -> tuple[bytes, bytes]:
    payload, _dot, mac = token.removeprefix(MARK).partition(".")
    try:
        if len(token) > MAX_TOKEN:
            raise ValueError
        return _bytes(payload), _bytes(mac)
    except (ValueError, binascii.Error):
        raise NotAuthenticated(_("The turn's token cannot be read.")) from None


def _mac(secret: str, payload: bytes) -> bytes:
    return hmac.digest(_key(secret), payload, "sha256")


@cache
def _key(secret: str) -> bytes:
    hkdf: Any = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    derived: bytes = hkdf.derive(secret.encode())
    return derived


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
