"""An authority of the suite's own, for a plugin that listens on TCP. Needs the package cryptography."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from agentx_sdk.conformance.check import Skipped

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Vouches for leaves on P-256. Raises `Skipped` without cryptography."""

    def __init__(self) -> None:
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives.asymmetric import ec
        except ImportError:
            raise Skipped("the package cryptography is not here") from None
        self._x509 = x509
        self._ec = ec
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "conformance")])
        builder = self._builder("conformance", self._key, self._name)
        is_authority = x509.BasicConstraints(ca=True, path_length=0)
        self._root = builder.add_extension(is_authority, critical=True).sign(self._key, _hash())

    @property
    def root(self) -> bytes:
        """Its own certificate, PEM."""
        return _pem(self._root)

    def leaf(self, name: str) -> Leaf:
        """A certificate for `<name>.agentx.internal`, for being called and for calling."""
        x509, key = self._x509, self._ec.generate_private_key(self._ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(host_name(name))])
        builder = self._builder(name, key, subject).add_extension(names, critical=False)
        return Leaf(_pem(builder.sign(self._key, _hash())), _key_pem(key))

    def _builder(self, name: str, key: Any, subject: Any) -> Any:
        now = datetime.now(timezone.utc)
        return (
            self._x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(self._x509.random_serial_number())
            .not_valid_before(now - HOUR)
            .not_valid_after(now + HOUR)
        )


def host_name(name: str) -> str:
    """What a leaf's owner is called as."""
    return f"{name}.agentx.internal"


def _hash() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    told: bytes = certificate.public_bytes(Encoding.PEM)
    return told


def _key_pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization as forms

    told: bytes = key.private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    return told
