"""Questions about packages: what the registry lists, in which versions, and what people say of it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from plugins_app.errors import PackageNotFound
from plugins_app.models import (
    Package,
    PackageRating,
    PackageReview,
    Plugin,
    PublisherKey,
)
from plugins_app.packages import index, versions
from security import permissions
from security.principals import Principal


def catalogue(
    principal: Principal,
    *,
    words: str = "",
    kind: str = "",
    framework: str = "",
    capability: str = "",
    trust: str = "",
) -> QuerySet[Package]:
    """One row for each listed plugin, its newest version, with `stars`, `ratings` and `all_downloads`."""
    found = _with_sums(listed(principal).filter(latest=True).select_related("signer"))
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(description__icontains=word)
            | Q(manifest__capabilities__icontains=word)
            | Q(manifest__framework__icontains=word)
            | Q(manifest__kind__icontains=word)
            | Q(manifest__metadata__tags__icontains=word)
        )
    if kind:
        found = found.filter(manifest__kind=kind)
    if framework:
        found = found.filter(manifest__framework__iexact=framework)
    if capability:
        found = found.filter(manifest__capabilities__contains=[capability])
    return found.filter(trust=trust) if trust else found


def listed(principal: Principal) -> QuerySet[Package]:
    principal.require(permissions.PLUGINS_VIEW)
    return Package.objects.filter(listed=True)


def versions_of(principal: Principal, name: str) -> list[Package]:
    """All listed versions, the newest first, yanked ones too. Raises `PackageNotFound`."""
    found = _with_sums(listed(principal).filter(name=name).select_related("signer"))
    rows = sorted(found, key=lambda package: versions.key(package.version), reverse=True)
    if not rows:
        raise PackageNotFound(_("The registry has no %(name)r.") % {"name": name[:100]})
    return rows


def access_package(principal: Principal, name: str, version: str) -> Package:
    """One listed version. Raises `PackageNotFound`."""
    found = listed(principal).select_related("signer").filter(name=name, version=version).first()
    if found is None:
        told = _("The registry has no %(name)s %(version)s.")
        raise PackageNotFound(told % {"name": name[:100], "version": version[:100]})
    return found


def package_by_id(principal: Principal, package_id: UUID) -> Package:
    """One package, listed or only brought here. Raises `PackageNotFound`."""
    principal.require(permissions.PLUGINS_VIEW)
    found = Package.objects.select_related("signer").filter(id=package_id).first()
    if found is None:
        raise PackageNotFound(_("There is no such package."))
    return found


def chosen_package(principal: Principal, name: str, spec: str) -> Package:
    """The newest version that fits `spec`: yanked ones only when it names exactly that version.

    Raises `PackageNotFound`, telling which versions there are.
    """
    rows = {package.version: package for package in versions_of(principal, name)}
    usable = [version for version, package in rows.items() if package.yanked is None]
    if (chosen := index.choice(usable, rows, spec)) is None:
        told = _("No version of %(name)s fits %(spec)r; the registry has %(versions)s.")
        names = {"name": name, "spec": spec[:100] or "any", "versions": ", ".join(rows)}
        raise PackageNotFound(told % names)
    return rows[chosen]


def reviews_of(principal: Principal, package: Package) -> QuerySet[PackageReview]:
    principal.require(permissions.PLUGINS_VIEW)
    return package.reviews.order_by("-created")


def waiting_reviews(principal: Principal) -> QuerySet[Package]:
    """Packages that ask for more trust than their signature lends them."""
    principal.require(permissions.PLUGINS_REVIEW)
    waiting = Package.objects.filter(review=Package.Review.PENDING)
    return waiting.select_related("signer").order_by("-published", "-id")


def ratings_of(principal: Principal, name: str) -> QuerySet[PackageRating]:
    principal.require(permissions.PLUGINS_VIEW)
    return PackageRating.objects.filter(name=name).order_by("-updated", "-id")


def rating_by(principal: Principal, name: str) -> PackageRating | None:
    """What the caller said of it."""
    person = person_of(principal)
    return PackageRating.objects.filter(name=name, subject=person).first()


def listed_names(principal: Principal, names: Iterable[str]) -> set[str]:
    """Which of these the registry lists."""
    return set(listed(principal).filter(name__in=list(names)).values_list("name", flat=True))


def person_of(principal: Principal) -> str:
    """The person behind a caller: who publishes with a key may not review with a session.

    A key's label is its owner's name, `/`, and its own.
    """
    return principal.label.partition("/")[0]


def publisher_keys(principal: Principal) -> QuerySet[PublisherKey]:
    principal.require(permissions.PLUGINS_VIEW)
    return PublisherKey.objects.annotate(signed=Count("packages")).order_by("name")


def installed_versions(names: Iterable[str]) -> dict[str, str]:
    """Of those that are installed here."""
    found = Plugin.objects.filter(slug__in=list(names), release__isnull=False)
    return dict(found.values_list("slug", "release__version"))


def index_document(principal: Principal) -> dict[str, Any]:
    """All that is listed, in the form in which a static folder keeps it (`plugins_app.packages.index`)."""
    rows = listed(principal).order_by("name", "published")
    return {"agentx_registry": 1, "packages": [index_entry(package) for package in rows]}


def index_entry(package: Package) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "name": package.name,
        "version": package.version,
        "description": package.description,
        "sha256": package.digest,
        "size": package.size,
        "file": f"{package.name}/{package.version}/download",
        "signature": package.signature,
        "yanked": package.yank_reason or "yes" if package.yanked else "",
        "kind": manifest.get("kind", "custom"),
        "framework": manifest.get("framework", ""),
        "capabilities": manifest.get("capabilities", []),
        "dependencies": manifest.get("dependencies", []),
    }


def _with_sums(found: QuerySet[Package]) -> QuerySet[Package]:
    """Stars and downloads count for a plugin, whatever its version."""
    rated = PackageRating.objects.filter(name=OuterRef("name")).order_by().values("name")
    fetched = Package.objects.filter(name=OuterRef("name"), listed=True).order_by().values("name")
    return found.annotate(
        stars=Subquery(rated.annotate(is_=Avg("stars")).values("is_")),
        ratings=Coalesce(Subquery(rated.annotate(is_=Count("id")).values("is_")), 0),
        all_downloads=Subquery(fetched.annotate(is_=Sum("downloads")).values("is_")),
    )
