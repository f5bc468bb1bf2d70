"""Signatures of packages: Ed25519 over the sha256 of the packed file."""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from plugins_app.errors import InvalidKey

SUFFIX: Final = ".sig"  # of the file beside a package that holds its signature


def new_key() -> tuple[bytes, str]:
    """A fresh private key as PEM (PKCS 8, not encrypted), and its public key as 32 bytes in base64."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, _text(private.public_key())


def sign(private_pem: bytes, sha256: str) -> str:
    """64 bytes in base64. Raises `InvalidKey`."""
    return base64.b64encode(_private(private_pem).sign(_message(sha256))).decode()


def verify(public_key: str, sha256: str, signature: str) -> bool:
    """Whether this key signed a file with this sha256. False for whatever cannot be read, too."""
    try:
        key = Ed25519PublicKey.from_public_bytes(_decoded(public_key))
        key.verify(_decoded(signature), _message(sha256))
    except (InvalidSignature, ValueError):
        return False
    return True


def checked_public(text: str) -> str:
    """A public key in the one form in which it is kept: base64, or a PEM of it, is taken. Raises `InvalidKey`."""
    try:
        if text.lstrip().startswith("-----"):
            key = serialization.load_pem_public_key(text.encode())
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError
            return _text(key)
        return _text(Ed25519PublicKey.from_public_bytes(_decoded(text.strip())))
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidKey("This is no Ed25519 public key: 32 bytes in base64, or PEM.") from None


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidKey("This is no private key in PEM, or it has a password.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidKey(
            "Packages are signed with Ed25519 keys: make one with `agentx plugin keygen`."
        )
    return key


def _message(sha256: str) -> bytes:
    # Says what it is, so that a signature of something else can never pass for one of a package.
    return f"agentx package sha256:{sha256}".encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None


def _text(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()
