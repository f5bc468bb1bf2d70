"""The agents of a plugin: those that its plugin.yaml names, and those that people made."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.models.plugins import Plugin
from registry.models import Agent


class HostedAgent(models.Model):
    """This agent lives in this plugin, and what it is told to be like."""

    class Origin(models.TextChoices):
        MANIFEST = "manifest", _("by its plugin.yaml")
        PERSON = "person", _("made by somebody")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="hosted_agents")
    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="hosted_by")
    origin = models.CharField(
        _("origin"), max_length=16, choices=Origin.choices, default=Origin.MANIFEST
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    config = models.JSONField(
        _("configuration"),
        null=True,
        help_text=_("Secrets stand in it as references. Empty: it is as plugin.yaml has it."),
    )
    revision = models.PositiveIntegerField(
        _("revision"), default=0, help_text=_("Grows with each change: processes follow.")
    )
    failed_revision = models.PositiveIntegerField(
        _("failed revision"), null=True, help_text=_("The one that no process could make, if any.")
    )
    author = models.CharField(_("author"), max_length=200, blank=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("hosted agent")
        verbose_name_plural = _("hosted agents")
        constraints = (
            models.CheckConstraint(
                condition=~Q(origin="person") | Q(config__isnull=False),
                name="plugins_app_people_configure_agents",
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.plugin_id}"


class AgentSecret(models.Model):
    """A value that the configuration of one agent refers to as `{"$secret": "<name>"}`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hosted = models.ForeignKey(HostedAgent, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(_("name"), max_length=200)
    sealed = models.TextField(_("sealed value"))

    class Meta:
        verbose_name = _("secret of an agent")
        verbose_name_plural = _("secrets of agents")
        ordering = ("hosted", "name")
        constraints = (
            models.UniqueConstraint(
                fields=("hosted", "name"), name="plugins_app_agent_secret_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class RemovedAgent(models.Model):
    """An agent that somebody removed a moment ago, should that have been a mistake."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="removed_agents")
    slug = models.SlugField(_("address"), max_length=64)
    told = models.JSONField(_("what it was"), help_text=_("Its secrets are sealed."))
    removed = models.DateTimeField(_("removed"), default=timezone.now)

    class Meta:
        verbose_name = _("removed agent")
        verbose_name_plural = _("removed agents")
        ordering = ("-removed",)
        constraints = (
            models.UniqueConstraint(fields=("plugin", "slug"), name="plugins_app_removed_once"),
        )

    def __str__(self) -> str:
        return self.slug
