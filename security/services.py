"""Deeds on people, roles and keys: rights, change, audit, news; each in one transaction."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from security import audit, news, permissions
from security.errors import Conflict, InvalidInput, NotFound
from security.models import ApiKey, AuditEvent, Role, RoleBinding, Tenant, User
from security.principals import Principal
from security.selectors import access_api_key, user_principal
from security.throttle import LOGIN, LOGIN_ADDRESS

KEY_MARK: Final = "agx"
PREFIX_BYTES: Final = 5
SECRET_BYTES: Final = 32


def digest_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def default_tenant() -> Tenant:
    return Tenant.objects.get_or_create(slug="default", defaults={"name": "Default"})[0]


def _role(name: str) -> Role:
    role = Role.objects.filter(name=name).first()
    if role is None:
        known = ", ".join(Role.objects.order_by("name").values_list("name", flat=True))
        raise InvalidInput(
            _("There is no role %(name)r; there are: %(known)s.") % {"name": name, "known": known},
            fields={"role": _("unknown")},
        )
    return role


def _accept(field: str, check: Callable[[], object]) -> None:
    """Django's own validators, told as a refusal that names the field."""
    try:
        check()
    except ValidationError as error:
        told = " ".join(error.messages)
        raise InvalidInput(told, fields={field: told}) from None


@transaction.atomic
def create_user(
    principal: Principal, *, username: str, password: str, role: str, email: str = ""
) -> User:
    """A new person with one role. Raises `InvalidInput` for a weak password, `Conflict` for a taken name."""
    principal.require(permissions.USERS_MANAGE)
    bound = _role(role)
    user = User(username=username, email=email, tenant=default_tenant(), is_staff=True)
    _accept("username", lambda: user.username_validator(username))
    _accept("password", lambda: validate_password(password, user))
    if User.objects.filter(username=username).exists():
        raise Conflict(_("There is already a user %(name)r.") % {"name": username})
    user.set_password(password)
    user.save()
    RoleBinding.objects.create(user=user, role=bound)
    audit.record(principal, "user.created", "user", username, after={"role": role})
    return user


@transaction.atomic
def set_user_role(principal: Principal, username: str, role: str) -> User:
    """Give a person this role in place of what they had. Takes effect on their next request."""
    principal.require(permissions.USERS_MANAGE)
    user = _user(username)
    before = sorted(user.role_bindings.values_list("role__name", flat=True))
    bound = _role(role)
    if permissions.USERS_MANAGE not in bound.permissions:
        _leave_a_manager(user)
    user.role_bindings.all().delete()
    RoleBinding.objects.create(user=user, role=bound)
    audit.record(
        principal,
        "user.role_changed",
        "user",
        username,
        before={"roles": before},
        after={"roles": [role]},
    )
    news.publish_on_commit("keys")
    return user


@transaction.atomic
def set_user_active(principal: Principal, username: str, active: bool) -> User:
    """Let a person in or lock them out, their keys too, at once."""
    principal.require(permissions.USERS_MANAGE)
    user = _user(username)
    if principal.id == str(user.id) and not active:
        raise InvalidInput(_("You cannot lock yourself out."))
    if not active:
        _leave_a_manager(user)
    before, user.is_active = user.is_active, active
    user.save(update_fields=["is_active"])
    action = "user.enabled" if active else "user.disabled"
    audit.record(
        principal, action, "user", username, before={"active": before}, after={"active": active}
    )
    news.publish_on_commit("keys")
    return user


def _leave_a_manager(user: User) -> None:
    """Raises `Conflict` when this is the last who may let people in: only the database could mend that."""
    # One at a time: two people who lock each other out must not both find the other there.
    roles = Role.objects.select_for_update().filter(
        permissions__contains=[permissions.USERS_MANAGE]
    )
    managing = RoleBinding.objects.filter(
        role__in=[role.pk for role in roles.order_by("pk")], user__is_active=True
    )
    if managing.filter(user=user).exists() and not managing.exclude(user=user).exists():
        told = _("%(name)r is the last who may manage people: let somebody else do it first.")
        raise Conflict(told % {"name": user.username})


def begin_login(visitor: Principal, username: str) -> None:
    """Raises `TooManyRequests` for who has guessed too often, before any password is looked at."""
    LOGIN.count(username, visitor.source_ip)
    LOGIN_ADDRESS.count(visitor.source_ip)


def end_login(visitor: Principal, username: str, user: User | None) -> None:
    """Write down who came in, or who was tried. A name nobody has is not kept: it may be a password."""
    if user is not None:
        LOGIN.forgive(username, visitor.source_ip)
        LOGIN_ADDRESS.take_back(visitor.source_ip)
        person = user_principal(user).seen_from(
            source_ip=visitor.source_ip, request_id=visitor.request_id
        )
        audit.record(person, "login.done", "user", user.username)
        return
    target = username if User.objects.filter(username=username).exists() else ""
    outcome = AuditEvent.Outcome.REFUSED
    audit.record(visitor, "login.refused", "user", target, outcome=outcome)


def forget_sessions() -> None:
    """Have every process ask the database again who is behind a session: one has just ended."""
    news.publish_on_commit("keys")


def _user(username: str) -> User:
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        raise NotFound(_("There is no user %(name)r.") % {"name": username})
    return user


@transaction.atomic
def create_api_key(
    principal: Principal,
    *,
    name: str,
    role: str,
    expires: datetime | None = None,
    owner: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key and, this once, its text `agx_<prefix>_<secret>`.

    The owner is the caller unless a manager of keys names another. Raises `Forbidden` for a role that holds
    permissions the owner lacks.
    """
    owner = owner or _owner_of(principal)
    others = principal.kind == "system" or str(owner.id) != principal.id
    principal.require(permissions.KEYS_MANAGE if others else permissions.KEYS_OWN)
    _check_key(name, expires)
    bound = _role(role)
    for permission in bound.permissions:
        principal.require(permission)
    prefix = secrets.token_hex(PREFIX_BYTES)
    text = f"{KEY_MARK}_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey.objects.create(
        tenant=owner.tenant or default_tenant(),
        owner=owner,
        role=bound,
        name=name.strip(),
        prefix=prefix,
        digest=digest_of(text),
        expires=expires,
    )
    after = {"name": key.name, "role": role, "expires": expires and expires.isoformat()}
    audit.record(principal, "key.created", "key", prefix, after=after)
    return key, text


def _check_key(name: str, expires: datetime | None) -> None:
    if not name.strip() or len(name) > 100:
        told = _("A key needs a name of 1 to 100 characters.")
        raise InvalidInput(told, fields={"name": _("1 to 100 characters")})
    if expires is not None and expires <= timezone.now():
        told = _("A key must expire in the future.")
        raise InvalidInput(told, fields={"expires": _("not in the future")})


def _owner_of(principal: Principal) -> User:
    """Whose key a caller makes: a person's own; a key's keys belong to the person it belongs to."""
    if principal.kind == "user":
        return User.objects.get(id=principal.id)
    if principal.kind == "key":
        return ApiKey.objects.select_related("owner").get(id=principal.id).owner
    raise InvalidInput(_("Say whose key this is to be."), fields={"owner": _("missing")})


@transaction.atomic
def revoke_api_key(principal: Principal, key_id: UUID) -> ApiKey:
    """End a key for good, in every process at once. Revoking twice changes nothing."""
    key = access_api_key(principal, key_id)
    if key.revoked is None:
        key.revoked = timezone.now()
        key.save(update_fields=["revoked"])
        audit.record(principal, "key.revoked", "key", key.prefix, before={"name": key.name})
    news.publish_on_commit("keys", {"key": str(key.id)})
    return key
