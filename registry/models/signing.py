"""What agent cards are signed with."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class SigningKey(models.Model):
    """What AgentX signs agent cards with. One signs; the retired ones stay published for a while."""

    class Algorithm(models.TextChoices):
        ES256 = "ES256", "ES256"
        EDDSA = "EdDSA", "EdDSA"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kid = models.CharField(_("key id"), max_length=64, unique=True)
    algorithm = models.CharField(_("algorithm"), max_length=8, choices=Algorithm.choices)
    sealed = models.TextField(_("private key, sealed"))
    public = models.JSONField(_("public key"), help_text=_("A JWK."))
    is_current = models.BooleanField(_("signs"), default=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    retired = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ("-created",)
        constraints = (
            models.UniqueConstraint(
                fields=("is_current",),
                condition=Q(is_current=True),
                name="registry_one_key_signs",
            ),
            models.CheckConstraint(
                condition=Q(is_current=True, retired__isnull=True)
                | Q(is_current=False, retired__isnull=False),
                name="registry_retired_keys_do_not_sign",
            ),
        )

    def __str__(self) -> str:
        return self.kid
