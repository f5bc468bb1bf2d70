"""How far a package may be trusted: what its signature lends it, and what a review said."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from plugins_app.errors import NotSigned
from plugins_app.models import Package, PublisherKey
from plugins_app.packages import signing
from registry.models import Trust

ORDER: Final = tuple(Trust.values)  # public, verified, trusted, internal


@dataclass(frozen=True, slots=True)
class Lent:
    """What a package gets without anybody looking at it."""

    trust: str
    signer: PublisherKey | None


NOTHING: Final = Lent(Trust.PUBLIC, None)


def lesser(one: str, other: str) -> str:
    return min(one, other, key=ORDER.index)


def greater(one: str, other: str) -> str:
    return max(one, other, key=ORDER.index)


def lent(manifest: dict[str, Any], sha256: str, signature: str) -> Lent:
    """No more than its manifest claims, nor than the key of its signature may lend. Unsigned: public.

    Raises `NotSigned` for a signature that no key known here made, or one that was revoked.
    """
    if not signature:
        return NOTHING
    keys = PublisherKey.objects.order_by("name")
    signer = next((key for key in keys if signing.verify(key.public_key, sha256, signature)), None)
    if signer is None:
        raise NotSigned(_("The package's signature is wrong, or of a key that is unknown here."))
    if signer.revoked is not None:
        told = _("The package is signed by %(key)s, a key that was revoked.")
        raise NotSigned(told % {"key": signer.name})
    return Lent(lesser(claimed(manifest), signer.trust), signer)


def claimed(manifest: dict[str, Any]) -> str:
    """What it asks for itself; who says nothing takes whatever there is."""
    return str(manifest.get("trust", Trust.INTERNAL))


def wanted(manifest: dict[str, Any], trust: str) -> str:
    """What it asks for beyond what it has, for a review; empty: nothing."""
    asked = manifest.get("trust", trust)
    return asked if greater(asked, trust) != trust else ""


def of_package(package: Package) -> str:
    """What a package that is kept has now: the signature's, or more where a review said so."""
    reviewed = package.reviews.order_by("-created").first()
    if package.review == Package.Review.APPROVED and reviewed is not None:
        return str(reviewed.trust)
    signer = package.signer
    if signer is None or signer.revoked is not None:
        return str(Trust.PUBLIC)
    return lesser(claimed(package.manifest), signer.trust)
