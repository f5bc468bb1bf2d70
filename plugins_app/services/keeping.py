"""Packages become rows: looked at first, kept once however often they come."""

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from plugins_app import handshake
from plugins_app.errors import InvalidManifest, InvalidPackage, NotSigned
from plugins_app.manifest import Manifest, config_problems
from plugins_app.models import Package, PackageFile, Plugin, PluginEvent
from plugins_app.packages import archive, versions
from plugins_app.packages.archive import Opened
from plugins_app.packages.runnable import require_runnable
from plugins_app.selectors.market import person_of
from plugins_app.services import trust
from plugins_app.services.events import record_event
from plugins_app.services.trust import Lent
from security import audit
from security.errors import PublicError
from security.models import AuditEvent
from security.principals import Principal


def looked_at(principal: Principal, content: bytes) -> Opened:
    """Everything about a package that can be said without the database. A refusal is audited.

    Raises `InvalidPackage`, `InvalidManifest`.
    """
    try:
        found = archive.opened(content)
        _require_usable(found.manifest)
    except (InvalidPackage, InvalidManifest) as error:
        note_refusal(principal, "", error)
        raise
    return found


def lent_to(principal: Principal, found: Opened, signature: str) -> Lent:
    """What its signature lends it; without one, that of the same package when it came before.

    Raises `NotSigned`; a refusal is audited.
    """
    known = Package.objects.filter(digest=found.sha256).first()
    held = known.signature if known and not signature else signature
    try:
        return trust.lent(found.raw, found.sha256, held)
    except NotSigned as error:
        note_refusal(principal, found.manifest.name, error)
        raise


def keep(
    principal: Principal, found: Opened, content: bytes, signature: str, lent: Lent
) -> Package:
    """The package's row, made or found, with its file. In the caller's transaction, its name locked."""
    asked = trust.wanted(found.raw, lent.trust)
    pending = Package.Review.PENDING if asked else Package.Review.NONE
    package, made = Package.objects.get_or_create(
        digest=found.sha256,
        defaults={
            "name": found.manifest.name,
            "version": found.manifest.version,
            "description": found.manifest.description,
            "manifest": found.raw,
            "contents": found.contents,
            "size": len(content),
            "readme": found.readme,
            "signature": signature,
            "signer": lent.signer,
            "trust": lent.trust,
            "wanted_trust": asked,
            "review": pending,
            "published_by": person_of(principal),
        },
    )
    if made:
        PackageFile.objects.create(package=package, content=content)
    elif signature and package.signature != signature:
        _sign(package, signature, lent)
    return package


def lock_name(name: str) -> None:
    """Until the transaction at hand ends, nobody else brings packages of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"package {name}"])


def note_refusal(principal: Principal, name: str, error: PublicError) -> None:
    """In a transaction of its own: what is refused leaves nothing else behind."""
    with transaction.atomic():
        audit.record(
            principal,
            "package.refused",
            "package",
            name or "unknown",
            after={"code": error.code, "why": error.message[:500]},
            outcome=AuditEvent.Outcome.REFUSED,
        )
        if name and (plugin := Plugin.objects.filter(slug=name).first()):
            record_event(plugin, None, PluginEvent.Type.REFUSED, error.message)


def require_trusted_program(found: Opened, trusted: str) -> None:
    """A program of the machine itself, by its absolute path, only for what really is AgentX's own."""
    files = {entry.name: entry.executable for entry in found.entries}
    require_runnable(found.manifest, files, trusted)


def _sign(package: Package, signature: str, lent: Lent) -> None:
    package.signature, package.signer = signature, lent.signer
    if package.review != Package.Review.APPROVED:  # else a person said how far
        package.trust = trust.greater(package.trust, lent.trust)
    package.wanted_trust = trust.wanted(package.manifest, package.trust)
    if not package.wanted_trust and package.review == Package.Review.PENDING:
        package.review = Package.Review.NONE
    package.save()


def _require_usable(manifest: Manifest) -> None:
    """What a manifest may say and this AgentX cannot take."""
    problems: dict[str, Any] = {}
    if not versions.is_version(manifest.version):
        problems["metadata.version"] = _("is no version as PEP 440 or semver has them")
    contracts = manifest.runtime.contracts
    if contracts and not set(contracts) & set(handshake.CONTRACTS):
        ours = ", ".join(map(str, handshake.CONTRACTS))
        told = _("speaks none of the contracts that this AgentX speaks (%(ours)s)")
        problems["runtime.contracts"] = told % {"ours": ours}
    for each in manifest.dependencies:
        if not versions.is_range(each.version):
            problems[f"dependencies.{each.name}"] = _("%(range)s is no range of versions") % {
                "range": repr(each.version)
            }
    if manifest.config:
        found = config_problems(manifest.config_schema, manifest.config)
        problems |= {f"config.{field}".rstrip("."): why for field, why in found.items()}
    if problems:
        told = "; ".join(f"{field} {why}" for field, why in problems.items())
        raise InvalidManifest(_("plugin.yaml: %(problems)s") % {"problems": told}, fields=problems)
