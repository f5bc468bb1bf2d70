"""What a plugin was told to be like, revision by revision, and its secrets."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.models.plugins import Plugin


class ConfigRevision(models.Model):
    """One configuration a plugin had. Never changed; going back makes a new one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("number"))
    config = models.JSONField(_("configuration"), help_text=_("Secrets stand in it as references."))
    author = models.CharField(_("author"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    restored = models.PositiveIntegerField(
        _("restored from"), null=True, help_text=_("The revision this one went back to.")
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("configuration revision")
        verbose_name_plural = _("configuration revisions")
        ordering = ("plugin", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "number"), name="plugins_app_revision_numbered_once"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1), name="plugins_app_revisions_begin_at_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin_id} r{self.number}"


class PluginSecret(models.Model):
    """A value that configurations of one plugin refer to as `{"$secret": "<name>"}`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(_("name"), max_length=200)
    sealed = models.TextField(_("sealed value"))
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("plugin secret")
        verbose_name_plural = _("plugin secrets")
        ordering = ("plugin", "name")
        constraints = (
            models.UniqueConstraint(fields=("plugin", "name"), name="plugins_app_secret_once"),
        )

    def __str__(self) -> str:
        return self.name
