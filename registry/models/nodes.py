"""The machines that run plugin processes."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class Node(models.Model):
    """A machine that runs plugin processes. Its worker renews `heartbeat`."""

    REMOTE = "remote"  # label of a machine without a supervisor of ours: its processes call home

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        INACTIVE = "inactive", _("inactive")
        DISCONNECTED = "disconnected", _("disconnected")
        MAINTENANCE = "maintenance", _("maintenance")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200, unique=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.INACTIVE
    )
    boot_id = models.CharField(_("boot id"), max_length=64, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    cpus = models.PositiveIntegerField(_("processors"), default=0)
    memory_bytes = models.BigIntegerField(_("memory"), default=0)
    cpu_percent = models.FloatField(_("processor load"), null=True)
    memory_used_bytes = models.BigIntegerField(_("memory used"), null=True)
    labels = models.JSONField(_("labels"), default=dict, blank=True)
    version = models.CharField(_("AgentX version"), max_length=32, blank=True)
    supervisor_pid = models.PositiveIntegerField(_("supervisor's pid"), null=True)
    heartbeat = models.DateTimeField(_("last heard of"), null=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
