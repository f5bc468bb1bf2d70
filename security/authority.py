"""AgentX's own certificate authority: who answers on TCP as a plugin process, and who may call one, is vouched for here.

P-256 throughout: gRPC's TLS refuses P-521. The authority's key lies sealed in its row (`security.crypto`) and is made
once, when it is first needed; what it signs lives for `AGENTX_CERTIFICATE_SECONDS`. It can vouch for names below
`agentx.internal` alone, so whoever were to get its key could not stand for anything else in the world.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from security import audit
from security.crypto import seal, unseal
from security.errors import InvalidInput
from security.models import CertificateAuthority
from security.principals import system

ZONE: Final = "agentx.internal"
LIFE: Final = timedelta(days=3650)
CLOCKS_DIFFER: Final = timedelta(minutes=5)
MAX_REQUEST: Final = 8192
LOCK: Final = 0x41475843  # "AGXC"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A leaf. `key_pem` is empty when the key was made elsewhere."""

    cert_pem: bytes
    key_pem: bytes
    expires: datetime
    renew: datetime  # two thirds of its life are over


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority in memory: what it does needs no database. Its text form tells nothing of the key."""

    root: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Authority({self.fingerprint[:16]})"

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """sha256 of its certificate's DER, as hex."""
        return self.root.fingerprint(hashes.SHA256()).hex()

    def issue(self, common_name: str, *, server: bool, seconds: float | None = None) -> Certificate:
        """A new key and its certificate: for one who is called (`server`), or for one who calls."""
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._signed(common_name, key.public_key(), uses, seconds, _pem(key))

    def sign_request(
        self, csr_pem: bytes, common_name: str, *, seconds: float | None = None
    ) -> Certificate:
        """A certificate for a key made elsewhere, both to be called and to call us. The name is ours to say.

        Raises `InvalidInput`.
        """
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._signed(common_name, _requested_key(csr_pem), uses, seconds, b"")

    def _signed(
        self,
        common_name: str,
        key: ec.EllipticCurvePublicKey,
        uses: list[x509.ObjectIdentifier],
        seconds: float | None,
        key_pem: bytes,
    ) -> Certificate:
        now = datetime.now(UTC)
        life = timedelta(seconds=seconds or settings.CERTIFICATE_SECONDS)
        certificate = (
            _named(common_name, self.root.subject, key, now - CLOCKS_DIFFER, now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host_name(common_name))]), False
            )
            .sign(self.key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        return Certificate(pem, key_pem, now + life, now + life * 2 / 3)


def host_name(common_name: str) -> str:
    """The name that a certificate is checked for: a launch's id, or one of AgentX's parts, in our zone."""
    return f"{common_name}.{ZONE}"


def authority() -> Authority:
    """The site's; made now if there is none. Raises `SealBroken` when its key cannot be opened."""
    row = CertificateAuthority.objects.first() or _made()
    key = serialization.load_pem_private_key(unseal(row.key_sealed).encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(x509.load_pem_x509_certificate(row.certificate.encode()), key)


@transaction.atomic
def _made() -> CertificateAuthority:
    """Once, however many processes find at the same time that there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if (found := CertificateAuthority.objects.first()) is not None:
        return found
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    root = _root(key, now)
    row = CertificateAuthority.objects.create(
        certificate=root.public_bytes(serialization.Encoding.PEM).decode(),
        key_sealed=seal(_pem(key).decode()),
        fingerprint=root.fingerprint(hashes.SHA256()).hex(),
        expires=now + LIFE,
    )
    told = {"expires": row.expires.isoformat()}
    audit.record(system("authority"), "authority.made", "authority", row.fingerprint, after=told)
    return row


def _root(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """Its name holds a part of its key: two sites' authorities are told apart."""
    known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = f"AgentX {known.digest.hex()[:12]}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    only = x509.NameConstraints(permitted_subtrees=[x509.DNSName(ZONE)], excluded_subtrees=None)
    return (
        _named(name, subject, key.public_key(), now - CLOCKS_DIFFER, now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(only, critical=True)
        .add_extension(known, critical=False)
        .sign(key, hashes.SHA256())
    )


def _named(
    name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _requested_key(csr_pem: bytes) -> ec.EllipticCurvePublicKey:
    """The key in a request, whose holder signed it. Whatever else it asks for is not read."""
    try:
        request = x509.load_pem_x509_csr(csr_pem[:MAX_REQUEST])
        key = request.public_key()
        signed = request.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion):
        raise InvalidInput(_("The certificate request cannot be read.")) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InvalidInput(_("The certificate request must hold a key on the curve P-256."))
    if not signed:
        raise InvalidInput(_("The certificate request is not signed by its own key."))
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
