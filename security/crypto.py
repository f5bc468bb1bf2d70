"""Secrets at rest: sealed under a key made from SECRET_KEY, opened under that or an older one.

Fernet (AES-128-CBC with HMAC-SHA256); to rotate, set a new AGENTX_SECRET_KEY and name the old one in
AGENTX_OLD_SECRET_KEYS until everything sealed was written again.
"""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"agentx sealed secrets 1"


class SealBroken(Exception):  # noqa: N818 - a fact
    """Sealed under a key that is gone, or not sealed by us."""


def seal(secret: str) -> str:
    """ASCII text that only `unseal` can read. Nothing stays nothing."""
    return _fernet(_keys()).encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """Raises `SealBroken`."""
    if not sealed:
        return ""
    try:
        return _fernet(_keys()).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise SealBroken(
            "A stored secret cannot be opened: was AGENTX_SECRET_KEY changed without "
            "AGENTX_OLD_SECRET_KEYS?"
        ) from None


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(raw)
