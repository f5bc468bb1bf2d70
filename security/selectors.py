"""Questions about people, keys and deeds. `access_<noun>` is the one door to a thing."""

from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from security import permissions
from security.errors import NotAuthenticated, NotFound
from security.models import ApiKey, AuditEvent, Role, RoleBinding, User
from security.principals import ANONYMOUS, Principal


def user_principal(user: User) -> Principal:
    """What this person may do: the union of the roles bound to them; a superuser may everything."""
    roles = [binding.role for binding in user.role_bindings.select_related("role")]
    granted = frozenset(permission for role in roles for permission in role.permissions)
    names = tuple(sorted(role.name for role in roles))
    if user.is_superuser:
        granted, names = permissions.EVERYTHING, names or ("admin",)
    return Principal(
        kind="user",
        id=str(user.id),
        label=user.username,
        tenant_id=user.tenant_id,
        permissions=granted,
        roles=names,
    )


def key_principal(key: ApiKey) -> Principal:
    """What this key may do: its role, and never more than its owner still may."""
    owner = user_principal(key.owner)
    return Principal(
        kind="key",
        id=str(key.id),
        label=f"{key.owner.username}/{key.name}",
        tenant_id=key.tenant_id,
        permissions=frozenset(key.role.permissions) & owner.permissions,
        roles=(key.role.name,),
    )


def subject_principal(subject: str) -> Principal:
    """The caller of this name (`Principal.subject`) as the database knows it now.

    Raises `NotAuthenticated` when it was disabled, revoked or has expired.
    """
    kind, _colon, ref = subject.partition(":")
    if kind == ANONYMOUS.kind:
        return ANONYMOUS
    if kind == "user" and (user := User.objects.filter(id=ref, is_active=True).first()):
        return user_principal(user)
    if kind == "key" and (key := ApiKey.objects.select_related("owner", "role").filter(id=ref)):
        found = key[0]
        if found.is_usable(timezone.now()) and found.owner.is_active:
            return key_principal(found)
    raise NotAuthenticated(_("Who this turn's token stands for may not call any more."))


def key_by_prefix(prefix: str) -> ApiKey | None:
    return ApiKey.objects.select_related("owner", "role").filter(prefix=prefix).first()


def api_keys(principal: Principal) -> QuerySet[ApiKey]:
    """All keys for who manages them; one's own for who may have some."""
    keys = ApiKey.objects.select_related("owner", "role").order_by("-created")
    if principal.may(permissions.KEYS_MANAGE):
        return keys
    principal.require(permissions.KEYS_OWN)
    return keys.filter(owner=UUID(principal.id)) if principal.kind == "user" else keys.none()


def access_api_key(principal: Principal, key_id: UUID) -> ApiKey:
    key = api_keys(principal).filter(id=key_id).first()
    if key is None:
        raise NotFound(_("There is no such API key."))
    return key


def users(principal: Principal) -> QuerySet[User]:
    principal.require(permissions.USERS_MANAGE)
    bindings = Prefetch("role_bindings", RoleBinding.objects.select_related("role"))
    return User.objects.prefetch_related(bindings).order_by("username")


def roles(principal: Principal) -> QuerySet[Role]:
    if not principal.may(permissions.USERS_MANAGE):
        principal.require(permissions.KEYS_OWN)
    return Role.objects.order_by("name")


def audit_events(
    principal: Principal,
    *,
    actor: str = "",
    action: str = "",
    target: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """What was done, newest first. `action` ending in a dot stands for all that begin so."""
    principal.require(permissions.AUDIT_VIEW)
    events = AuditEvent.objects.order_by("-time", "-id")
    if actor:
        events = events.filter(Q(actor=actor) | Q(actor_label=actor))
    if action:
        events = events.filter(
            **{"action__startswith" if action.endswith(".") else "action": action}
        )
    if target:
        events = events.filter(target=target)
    if since:
        events = events.filter(time__gte=since)
    return events.filter(time__lt=until) if until else events


def oneself(principal: Principal) -> Principal:
    """Who the caller is. Raises `NotAuthenticated` for nobody."""
    if principal.is_anonymous:
        raise NotAuthenticated(_("Nobody is logged in and no API key was sent."))
    return principal
