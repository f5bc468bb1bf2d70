"""Users, tenants, roles, keys, and what was done."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class Tenant(models.Model):
    """A wall between customers. One exists from the start, `default`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")

    def __str__(self) -> str:
        return self.slug


class User(AbstractUser):
    """A person who logs in to the console."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.username


class Role(models.Model):
    """A named set of permissions (`security.permissions`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(_("name"), unique=True)
    permissions = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    builtin = models.BooleanField(_("built in"), default=False, editable=False)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.name


class RoleBinding(models.Model):
    """This person has this role. A scope (one plugin, one team) will be a further column."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_bindings")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="bindings")
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("role binding")
        verbose_name_plural = _("role bindings")
        constraints = (
            models.UniqueConstraint(fields=("user", "role"), name="security_one_binding_per_role"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role_id}"


class ApiKey(models.Model):
    """A program's credential. Only its SHA-256 is kept: the key is 256 random bits, so a slow hash adds nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="api_keys")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True)
    digest = models.BinaryField(_("digest"), max_length=32, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = (
            models.CheckConstraint(
                condition=Q(expires__isnull=True) | Q(expires__gt=models.F("created")),
                name="security_key_expires_after_it_was_made",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_usable(self, now: datetime) -> bool:
        return self.revoked is None and (self.expires is None or self.expires > now)


class AuditEvent(models.Model):
    """Who did what, on what, from where, before and after. The database refuses to change or delete a row."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    time = models.DateTimeField(_("time"), default=timezone.now)
    # Names, not foreign keys: what was done must stay readable after who did it is gone.
    tenant = models.UUIDField(_("tenant"), null=True)
    actor = models.CharField(_("actor"), max_length=200)
    actor_label = models.CharField(_("actor's name"), max_length=200)
    action = models.CharField(_("action"), max_length=64)
    target_type = models.CharField(_("kind of target"), max_length=64)
    target = models.CharField(_("target"), max_length=200)
    source_ip = models.GenericIPAddressField(_("from"), null=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=16, choices=Outcome.choices, default=Outcome.DONE
    )

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("-time", "-id")
        indexes = (
            models.Index(fields=("-time", "-id"), name="security_audit_newest"),
            models.Index(fields=("target_type", "target"), name="security_audit_target"),
            models.Index(fields=("actor",), name="security_audit_actor"),
        )

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.target}"


class CertificateAuthority(models.Model):
    """Who vouches for plugin processes, and for us to them: one for the whole site, made when first needed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    certificate = models.TextField(_("certificate"), help_text=_("PEM."))
    key_sealed = models.TextField(_("sealed key"))
    fingerprint = models.CharField(_("sha256"), max_length=64, unique=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("certificate authority")
        verbose_name_plural = _("certificate authorities")
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="security_one_certificate_authority"),
        )

    def __str__(self) -> str:
        return self.fingerprint[:16]
