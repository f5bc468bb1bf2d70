"""Of agents that live elsewhere: where, as which card says, and how they were last seen."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from registry.models.agents import Agent


class Upstream(models.Model):
    """Of an agent that lives elsewhere: where it is reached, which card was approved, and how it was last seen."""

    class Health(models.TextChoices):
        UNKNOWN = "unknown", _("not looked at yet")
        READY = "ready", _("reachable")
        ERROR = "error", _("not reachable")

    class Signature(models.TextChoices):
        UNKNOWN = "unknown", _("not looked at yet")
        UNSIGNED = "unsigned", _("unsigned")
        VERIFIED = "verified", _("verified")
        UNTRUSTED = "untrusted", _("signed by a key that nobody vouches for")
        INVALID = "invalid", _("invalid")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="upstream")
    card_url = models.CharField(_("card's URL"), max_length=500, blank=True)
    url = models.CharField(_("interface"), max_length=500)
    binding = models.CharField(_("binding"), max_length=16, default="JSONRPC")
    protocol_version = models.CharField(_("protocol version"), max_length=8, default="1.0")
    # What its card wants to hear with each request; not a tenant of ours.
    interface_tenant = models.CharField(_("A2A tenant"), max_length=128, blank=True)
    streaming = models.BooleanField(_("streams"), default=True)
    extensions = models.JSONField(_("required extensions"), default=list, blank=True)
    credentials = models.TextField(_("credentials"), blank=True, editable=False)
    # Changes with whatever a connection depends on: who holds one with another number makes a new one.
    revision = models.PositiveIntegerField(_("revision"), default=1)
    # The card as it was approved; AgentX goes by this one, whatever is found there later.
    card = models.JSONField(_("approved card"), null=True)
    digest = models.CharField(_("sha256"), max_length=64, blank=True)
    etag = models.CharField(_("ETag"), max_length=200, blank=True)
    signature = models.CharField(
        _("signature"), max_length=16, choices=Signature.choices, default=Signature.UNKNOWN
    )
    signature_detail = models.CharField(_("about the signature"), max_length=500, blank=True)
    trusted_keys = models.JSONField(_("trusted keys"), null=True, help_text=_("A JWK set."))
    pending_card = models.JSONField(_("card found since"), null=True)
    pending_digest = models.CharField(_("its sha256"), max_length=64, blank=True)
    pending_since = models.DateTimeField(_("found"), null=True)
    rejected_digest = models.CharField(_("rejected card's sha256"), max_length=64, blank=True)
    health = models.CharField(
        _("health"), max_length=16, choices=Health.choices, default=Health.UNKNOWN
    )
    detail = models.CharField(_("reason"), max_length=500, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    checked = models.DateTimeField(_("last looked at"), null=True)
    next_check = models.DateTimeField(_("next look"), default=timezone.now)
    fetched = models.DateTimeField(_("card fetched"), null=True)

    class Meta:
        verbose_name = _("upstream")
        verbose_name_plural = _("upstreams")
        constraints = (
            models.CheckConstraint(condition=~Q(url=""), name="registry_upstream_has_interface"),
            models.CheckConstraint(
                condition=~Q(health="error") | ~Q(detail=""), name="registry_error_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(pending_card__isnull=True, pending_digest="")
                | (Q(pending_card__isnull=False) & ~Q(pending_digest="")),
                name="registry_pending_card_has_digest",
            ),
        )
        indexes = (models.Index(fields=("next_check",), name="registry_upstream_due"),)

    def __str__(self) -> str:
        return self.url


class HealthCheck(models.Model):
    """One look at an agent that lives elsewhere. The newest are kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    upstream = models.ForeignKey(Upstream, on_delete=models.CASCADE, related_name="checks")
    is_ok = models.BooleanField(_("reachable"))
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    milliseconds = models.PositiveIntegerField(_("took"), default=0)
    time = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("health check")
        verbose_name_plural = _("health checks")
        ordering = ("-time", "-id")
        indexes = (models.Index(fields=("upstream", "-time"), name="registry_checks_newest"),)

    def __str__(self) -> str:
        return f"{self.upstream_id} {self.time:%H:%M:%S}"
