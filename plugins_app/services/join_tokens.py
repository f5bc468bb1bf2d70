"""Join tokens: made, ended, looked at and used up."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.errors import JoinRefused
from plugins_app.models import JoinToken, Plugin
from plugins_app.services.settling import lock_plugin
from security import audit, permissions
from security.authority import authority
from security.errors import InvalidInput, NotFound
from security.principals import Principal

MARK: Final = "agxj_"
SECRET_BYTES: Final = 32
LONGEST: Final = timedelta(days=365)


@transaction.atomic
def create_token(
    principal: Principal,
    ref: str | UUID,
    *,
    name: str,
    seconds: int = 3600,
    uses: int | None = 1,
) -> tuple[JoinToken, str]:
    """A token, and its text, which is shown this once: the secret, and the sha256 of our authority's certificate.

    By the one we know the process, by the other it knows us. `uses` None: as often as wanted until it ends.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    _check_token(name, seconds, uses)
    plugin, secret = lock_plugin(ref), secrets.token_urlsafe(SECRET_BYTES)
    token = JoinToken.objects.create(
        name=name.strip(),
        plugin=plugin,
        digest=digest_of(secret),
        expires=timezone.now() + timedelta(seconds=seconds),
        uses_left=uses,
        created_by=principal.label,
    )
    told = {"plugin": plugin.slug, "expires": token.expires.isoformat(), "uses": uses}
    audit.record(principal, "join_token.created", "join_token", token.name, after=told)
    return token, f"{MARK}{secret}.{authority().fingerprint}"


@transaction.atomic
def revoke_token(principal: Principal, token_id: UUID) -> JoinToken:
    """End a token for good. Who joined with it stays."""
    principal.require(permissions.PLUGINS_MANAGE)
    token = JoinToken.objects.select_for_update().filter(id=token_id).first()
    if token is None:
        raise NotFound(_("There is no such join token."))
    if token.revoked is None:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
        audit.record(principal, "join_token.revoked", "join_token", token.name)
    return token


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def plugin_of(secret: str) -> Plugin | None:
    """The plugin whose token this is or was."""
    row = JoinToken.objects.select_related("plugin").filter(digest=digest_of(secret)).first()
    return row.plugin if row else None


def usable(secret: str) -> JoinToken:
    """The token, locked. Raises `JoinRefused`: who does not hold one learns nothing of those that exist."""
    row = JoinToken.objects.select_for_update().filter(digest=digest_of(secret)).first()
    if row is None:
        raise JoinRefused(_("This join token is not known."))
    if row.revoked is not None:
        raise JoinRefused(_("This join token was revoked."))
    if row.expires <= timezone.now():
        raise JoinRefused(_("This join token has ended. Make a new one."))
    if row.uses_left is not None and row.uses_left < 1:
        raise JoinRefused(_("This join token was used up. Make a new one."))
    return row


def use(token: JoinToken) -> None:
    """Once."""
    rows = JoinToken.objects.filter(id=token.id)
    rows.update(used=timezone.now())
    rows.filter(uses_left__isnull=False).update(uses_left=F("uses_left") - 1)


def _check_token(name: str, seconds: int, uses: int | None) -> None:
    wrong = {}
    if not name.strip() or len(name) > 100:
        wrong["name"] = _("1 to 100 characters")
    if not 60 <= seconds <= LONGEST.total_seconds():
        wrong["expires"] = _("one minute to one year")
    if uses is not None and not 1 <= uses <= 10_000:
        wrong["uses"] = _("1 to 10000, or none for no limit")
    if wrong:
        raise InvalidInput(_("This join token cannot be made."), fields=wrong)
