"""AgentX's own authority: made once, sealed, and good for our own names alone."""

import hashlib
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.db import connections

from security.authority import authority, host_name
from security.crypto import SealBroken
from security.errors import InvalidInput
from security.models import AuditEvent, CertificateAuthority


@pytest.mark.django_db(transaction=True)
def test_it_is_made_once_however_many_ask_at_once_and_told_in_the_audit():
    def ask(_):
        try:
            return authority().fingerprint
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(ask, range(6)))
    row = CertificateAuthority.objects.get()
    assert found == {row.fingerprint}
    told = AuditEvent.objects.get(action="authority.made")
    assert told.target == row.fingerprint


@pytest.mark.django_db
def test_its_key_is_nowhere_to_be_read(settings):
    vouching = authority()
    row = CertificateAuthority.objects.get()
    assert "PRIVATE KEY" not in row.key_sealed and "PRIVATE KEY" not in row.certificate
    assert "PRIVATE" not in repr(vouching) and "PRIVATE" not in str(vars(row))
    settings.SECRET_KEY = "another"
    with pytest.raises(SealBroken):
        authority()


@pytest.mark.django_db
def test_it_vouches_for_names_of_ours_and_for_no_authority_below_it():
    vouching = authority()
    only = vouching.root.extensions.get_extension_for_class(x509.NameConstraints)
    basic = vouching.root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert only.critical and [n.value for n in only.value.permitted_subtrees] == ["agentx.internal"]
    assert basic.value.ca and basic.value.path_length == 0
    assert isinstance(vouching.key.curve, ec.SECP256R1)
    der = ssl.PEM_cert_to_DER_cert(vouching.root_pem.decode())
    assert hashlib.sha256(der).hexdigest() == vouching.fingerprint


@pytest.mark.parametrize(
    ("server", "use"),
    [(True, ExtendedKeyUsageOID.SERVER_AUTH), (False, ExtendedKeyUsageOID.CLIENT_AUTH)],
)
@pytest.mark.django_db
def test_a_leaf_is_for_one_launch_one_use_and_one_day(server, use):
    made = authority().issue("launch-1", server=server)
    leaf = x509.load_pem_x509_certificate(made.cert_pem)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.DNSName) == [host_name("launch-1")]
    assert list(uses) == [use]
    day = timedelta(days=1)
    assert timedelta() < datetime.now(UTC) + day - made.expires < timedelta(minutes=1)
    assert made.expires - made.renew == day / 3
    leaf.verify_directly_issued_by(authority().root)


def request(key, name="whoever") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM)


@pytest.mark.django_db
def test_a_request_gets_a_certificate_for_its_key_under_the_name_we_say():
    key = ec.generate_private_key(ec.SECP256R1())
    made = authority().sign_request(request(key, "core.agentx.internal"), "launch-2")
    leaf = x509.load_pem_x509_certificate(made.cert_pem)
    assert made.key_pem == b"" and leaf.public_key() == key.public_key()
    assert leaf.subject.rfc4514_string() == "CN=launch-2"


def test_a_request_that_is_none_or_on_another_curve_is_refused(db):
    vouching, wrong = authority(), ec.generate_private_key(ec.SECP521R1())
    for given in (b"", b"-----BEGIN", request(wrong), b"x" * 100_000):
        with pytest.raises(InvalidInput):
            vouching.sign_request(given, "launch-3")
