"""Trust that people give: reviews of packages, and the keys of those who publish them."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.models import Package, PackageReview, Plugin, PluginRelease, PublisherKey
from plugins_app.packages import signing
from plugins_app.selectors.market import package_by_id, person_of
from plugins_app.services import trust
from plugins_app.services.operation import renew_generation
from registry.models import Trust
from security import audit, permissions
from security.errors import Conflict, Forbidden, InvalidInput, NotFound
from security.principals import Principal


@transaction.atomic
def review(
    principal: Principal, package_id: UUID, *, approved: bool, level: str = "", note: str = ""
) -> Package:
    """Say how far a package may be trusted (`level`: what it asks for, if left out); installed releases follow.

    Raises `Forbidden` for its publisher: somebody else must look at it.
    """
    principal.require(permissions.PLUGINS_REVIEW)
    found = package_by_id(principal, package_id)
    package = Package.objects.select_for_update().get(id=found.id)
    person = person_of(principal)
    if person == package.published_by:
        told = _("%(package)s is your own: somebody else must review it.")
        raise Forbidden(told % {"package": package})
    given = level or package.wanted_trust or package.trust
    if given not in Trust.values:
        told = _("%(level)r is no level of trust.") % {"level": given[:40]}
        raise InvalidInput(told, fields={"trust": _("unknown")})
    before = package.trust
    PackageReview.objects.create(
        package=package, reviewer=person, approved=approved, trust=given, note=note.strip()
    )
    package.review = Package.Review.APPROVED if approved else Package.Review.REJECTED
    package.trust = trust.of_package(package)
    package.save(update_fields=["review", "trust"])
    was, now = {"trust": before}, {"trust": package.trust, "approved": approved}
    audit.record(principal, "package.reviewed", "package", str(package), before=was, after=now)
    _follow(package)
    return package


@transaction.atomic
def add_publisher_key(
    principal: Principal, *, name: str, public_key: str, level: str = Trust.VERIFIED
) -> PublisherKey:
    """From now on a signature by this key lends a package up to this trust. Raises `InvalidKey`."""
    principal.require(permissions.PLUGINS_REVIEW)
    if level not in Trust.values:
        told = _("%(level)r is no level of trust.") % {"level": level[:40]}
        raise InvalidInput(told, fields={"trust": _("unknown")})
    checked = signing.checked_public(public_key)
    try:
        with transaction.atomic():
            key = PublisherKey.objects.create(name=name, public_key=checked, trust=level)
    except IntegrityError:
        told = _("A publisher key of this name, or this key under another name, is there already.")
        raise Conflict(told) from None
    after = {"trust": level, "public_key": checked}
    audit.record(principal, "publisher_key.added", "publisher_key", name, after=after)
    return key


@transaction.atomic
def revoke_publisher_key(principal: Principal, key_id: UUID) -> PublisherKey:
    """Nothing that it signed can be installed any more; what was installed falls back to what reviews said of it."""
    principal.require(permissions.PLUGINS_REVIEW)
    key = PublisherKey.objects.select_for_update().filter(id=key_id).first()
    if key is None:
        raise NotFound(_("There is no such publisher key."))
    if key.revoked is None:
        key.revoked = timezone.now()
        key.save(update_fields=["revoked"])
        audit.record(principal, "publisher_key.revoked", "publisher_key", key.name)
        for package in Package.objects.select_for_update().filter(signer=key):
            package.signer = key
            package.trust = trust.of_package(package)
            package.save(update_fields=["trust"])
            _follow(package)
    return key


def _follow(package: Package) -> None:
    """Releases made of it have its trust; processes are replaced, for trust decides how they are confined."""
    stale = PluginRelease.objects.filter(package=package).exclude(trust=package.trust)
    plugins = list(stale.values_list("plugin_id", flat=True))
    stale.update(trust=package.trust)
    for plugin in Plugin.objects.select_for_update().filter(
        id__in=plugins, release__package=package
    ):
        plugin.trust = package.trust
        plugin.save(update_fields=["trust", "updated"])
        if plugin.desired != Plugin.Desired.STOPPED:
            renew_generation(plugin)
