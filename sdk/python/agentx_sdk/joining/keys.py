"""The key of this process, which never leaves it, and what is asked for with it."""

import time

from agentx_sdk.joining.failures import extra


def new_key() -> bytes:
    """P-256, as PEM."""
    ec = extra("cryptography.hazmat.primitives.asymmetric.ec")
    forms = extra("cryptography.hazmat.primitives.serialization")
    key: bytes = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    return key


def request_of(key_pem: bytes) -> bytes:
    """PKCS #10. The name in it is nobody's: AgentX says whose certificate it will be."""
    x509 = extra("cryptography.x509")
    hashes = extra("cryptography.hazmat.primitives.hashes")
    forms = extra("cryptography.hazmat.primitives.serialization")
    key = forms.load_pem_private_key(key_pem, None)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request: bytes = builder.sign(key, hashes.SHA256()).public_bytes(forms.Encoding.PEM)
    return request


def two_thirds(certificate_pem: bytes) -> float:
    """When to ask for the next one, as Unix time."""
    x509 = extra("cryptography.x509")
    ends = x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc.timestamp()
    now = time.time()
    return float(now + (ends - now) * 2 / 3)
