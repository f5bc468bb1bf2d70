"""Deeds in the registry: publish, take back, rate."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.models import Package, PackageRating
from plugins_app.packages import versions
from plugins_app.selectors.market import access_package, person_of, versions_of
from plugins_app.services import keeping
from security import audit, permissions
from security.errors import Conflict, Forbidden, InvalidInput
from security.principals import Principal

MAX_COMMENT = 2000
MAX_REASON = 500


def publish(principal: Principal, content: bytes, *, signature: str = "") -> Package:
    """List a package for everybody here. The same again changes nothing.

    A name belongs to who published it first, and to who may install. Raises `InvalidPackage`, `InvalidManifest`,
    `NotSigned`, `Forbidden`, and `Conflict` when that version is there with other content.
    """
    principal.require(permissions.PLUGINS_PUBLISH)
    found = keeping.looked_at(principal, content)
    lent = keeping.lent_to(principal, found, signature)
    with transaction.atomic():
        keeping.lock_name(found.manifest.name)
        _require_name(principal, found.manifest.name)
        _require_new(found.manifest.name, found.manifest.version, found.sha256)
        package = keeping.keep(principal, found, content, signature, lent)
        if not package.listed:
            _list(principal, package)
        return package


@transaction.atomic
def yank(principal: Principal, name: str, version: str, reason: str) -> Package:
    """Let no range choose this version any more; who names it exactly still gets it, with a warning."""
    keeping.lock_name(name)
    package = _own(principal, name, version)
    if not reason.strip():
        told = _("Say why: whoever has this version installed reads it.")
        raise InvalidInput(told, fields={"reason": _("is needed")})
    if package.yanked is None:
        package.yanked, package.yank_reason = timezone.now(), reason.strip()[:MAX_REASON]
        package.latest = False
        package.save(update_fields=["yanked", "yank_reason", "latest"])
        audit.record(principal, "package.yanked", "package", str(package), after={"why": reason})
        renew_latest(name)
    return package


@transaction.atomic
def unyank(principal: Principal, name: str, version: str) -> Package:
    keeping.lock_name(name)
    package = _own(principal, name, version)
    if package.yanked is not None:
        package.yanked, package.yank_reason = None, ""
        package.save(update_fields=["yanked", "yank_reason"])
        audit.record(principal, "package.unyanked", "package", str(package))
        renew_latest(name)
    return package


@transaction.atomic
def rate(principal: Principal, name: str, stars: int, comment: str = "") -> PackageRating:
    """One rating per person and plugin; a further one takes its place. Keys count as their owner."""
    versions_of(principal, name)
    if not 1 <= stars <= 5:
        told = _("Give one to five stars.")
        raise InvalidInput(told, fields={"stars": _("out of range")})
    person = person_of(principal)
    rating, _made = PackageRating.objects.update_or_create(
        name=name,
        subject=person,
        defaults={"label": person, "stars": stars, "comment": comment.strip()[:MAX_COMMENT]},
    )
    audit.record(principal, "package.rated", "package", name, after={"stars": stars})
    return rating


def may_yank(principal: Principal, package: Package) -> bool:
    """Its publisher, and who may install."""
    if not principal.may(permissions.PLUGINS_PUBLISH):
        return False
    return principal.may(permissions.PLUGINS_MANAGE) or (
        package.published_by == person_of(principal)
    )


def renew_latest(name: str) -> None:
    """Mark the newest version that can be had. The name is locked."""
    rows = Package.objects.filter(name=name, listed=True)
    usable = rows.filter(yanked__isnull=True).values_list("version", flat=True)
    newest = versions.newest(usable, "")
    rows.filter(latest=True).exclude(version=newest or "").update(latest=False)
    rows.filter(version=newest or "", latest=False).update(latest=True)


def _list(principal: Principal, package: Package) -> None:
    package.listed, package.published = True, timezone.now()
    package.published_by = person_of(principal)
    package.save(update_fields=["listed", "published", "published_by"])
    after = {"digest": package.digest, "trust": package.trust, "asks": package.wanted_trust}
    audit.record(principal, "package.published", "package", str(package), after=after)
    renew_latest(package.name)
    package.refresh_from_db(fields=["latest"])


def _require_name(principal: Principal, name: str) -> None:
    owner = Package.objects.filter(name=name, listed=True).order_by("published").first()
    if owner is None or principal.may(permissions.PLUGINS_MANAGE):
        return
    if owner.published_by != person_of(principal):
        told = _("%(name)s belongs to %(owner)s, who published it first.")
        raise Forbidden(told % {"name": name, "owner": owner.published_by})


def _require_new(name: str, version: str, sha256: str) -> None:
    same = Package.objects.filter(name=name, version=version, listed=True).exclude(digest=sha256)
    if same.exists():
        told = _("%(name)s %(version)s is published with other content: raise its version.")
        raise Conflict(told % {"name": name, "version": version})


def _own(principal: Principal, name: str, version: str) -> Package:
    """A version that this caller may take back: its publisher, or who may install."""
    package = access_package(principal, name, version)
    package = Package.objects.select_for_update().get(id=package.id)
    if package.published_by != person_of(principal):
        principal.require(permissions.PLUGINS_MANAGE)
    principal.require(permissions.PLUGINS_PUBLISH)
    return package
