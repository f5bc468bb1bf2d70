"""How a plugin process on another machine gets in."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.models.plugins import Plugin

FIRST_ELSEWHERE = 1000  # the number of the first slot that is not the scheduler's to fill


class JoinToken(models.Model):
    """Lets processes of one plugin call home from elsewhere. Only its sha256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=100)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="join_tokens")
    digest = models.CharField(_("sha256"), max_length=64, unique=True)
    expires = models.DateTimeField(_("expires"))
    uses_left = models.PositiveIntegerField(
        _("uses left"), null=True, help_text=_("Empty: as often as wanted until it expires.")
    )
    revoked = models.DateTimeField(_("revoked"), null=True)
    used = models.DateTimeField(_("last used"), null=True)
    created_by = models.CharField(_("made by"), max_length=200, blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("join token")
        verbose_name_plural = _("join tokens")
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        """Whether it lets anybody in."""
        is_over = self.revoked is not None or self.expires <= timezone.now()
        return not is_over and self.uses_left != 0
