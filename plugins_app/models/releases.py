"""What was installed of a plugin, and how far each node has come with it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.models.market import Package, PublisherKey
from plugins_app.models.plugins import Plugin
from registry.models import Node, Trust


class PluginRelease(models.Model):
    """One installed version: where it came from, what was in it, how far it is trusted."""

    class Source(models.TextChoices):
        FOLDER = "folder", _("folder, where it lies")
        BUNDLED = "bundled", _("bundled with AgentX")
        DEV = "dev", _("folder of its author")
        PACKAGE = "package", _("package")
        MARKET = "market", _("registry")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(_("version"), max_length=64)
    source = models.CharField(
        _("source"), max_length=16, choices=Source.choices, default=Source.FOLDER
    )
    package = models.ForeignKey(
        Package,
        on_delete=models.PROTECT,
        null=True,
        related_name="releases",
        verbose_name=_("package"),
        help_text=_("Without one it runs where it lies."),
    )
    path = models.CharField(_("folder"), max_length=1000, blank=True)
    manifest = models.JSONField(_("manifest"))
    digest = models.CharField(_("sha256"), max_length=64)
    lock = models.TextField(
        _("locked requirements"),
        blank=True,
        help_text=_(
            "As the first node that prepared it resolved them; every other takes the same."
        ),
    )
    trust = models.CharField(_("trust"), max_length=16, choices=Trust.choices, default=Trust.PUBLIC)
    signer = models.ForeignKey(
        PublisherKey, on_delete=models.SET_NULL, null=True, related_name="releases"
    )
    installed_by = models.CharField(_("installed by"), max_length=200, blank=True)
    installed = models.DateTimeField(_("installed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("plugin", "-installed")
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "version", "digest"), name="plugins_app_release_once"
            ),
            models.CheckConstraint(
                condition=Q(package__isnull=False) | ~Q(path=""),
                name="plugins_app_release_lies_somewhere",
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin_id} {self.version}"


class Preparation(models.Model):
    """One release on one node: unpacked, with its environment, ready to be started, or on its way there.

    The node's supervisor claims it by a conditional update and renews `lease_until` while it works.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        UNPACKING = "unpacking", _("unpacking")
        ENVIRONMENT = "environment", _("making its environment")
        CHECKING = "checking", _("checking")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    release = models.ForeignKey(
        PluginRelease, on_delete=models.CASCADE, related_name="preparations"
    )
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="preparations")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0, help_text=_("Percent."))
    reason = models.TextField(_("reason"), blank=True)
    lines = models.JSONField(
        _("output"), default=list, help_text=_("The last lines of the installer.")
    )
    path = models.CharField(_("folder"), max_length=1000, blank=True)
    environment = models.CharField(
        _("environment"),
        max_length=1000,
        blank=True,
        help_text=_("Its folder; empty: AgentX's own libraries, for a plugin that asks for none."),
    )
    lease_until = models.DateTimeField(_("claimed until"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    finished = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("preparation")
        verbose_name_plural = _("preparations")
        ordering = ("-created",)
        constraints = (
            models.UniqueConstraint(
                fields=("release", "node"), name="plugins_app_prepared_once_per_node"
            ),
            models.CheckConstraint(
                condition=Q(progress__lte=100), name="plugins_app_progress_is_percent"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | ~Q(path=""), name="plugins_app_ready_has_a_folder"
            ),
        )

    def __str__(self) -> str:
        return f"{self.release_id} on {self.node_id}: {self.state}"
