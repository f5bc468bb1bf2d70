"""Which agents and nodes exist."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from security.models import Tenant


class Trust(models.TextChoices):
    PUBLIC = "public", _("public")
    VERIFIED = "verified", _("verified")
    TRUSTED = "trusted", _("trusted")
    INTERNAL = "internal", _("internal")


class Node(models.Model):
    """A machine that runs plugin processes. Its worker renews `heartbeat`."""

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


class Capability(models.Model):
    """Something agents can do, by the name callers search for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("capability")
        verbose_name_plural = _("capabilities")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """Something that answers messages at `/a2a/<slug>/`."""

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("unknown")
        INITIALIZING = "initializing", _("initializing")
        READY = "ready", _("ready")
        BUSY = "busy", _("busy")
        ERROR = "error", _("error")
        SHUTDOWN = "shutdown", _("shutdown")
        MAINTENANCE = "maintenance", _("maintenance")

    class Source(models.TextChoices):
        PLUGIN = "plugin", _("hosted by a plugin")
        REMOTE = "remote", _("registered by its URL")

    class Retry(models.TextChoices):
        NEVER = "never", _("never")
        UNDELIVERED = "undelivered", _("while nothing was delivered")
        ALWAYS = "always", _("also after delivery: the agent is idempotent")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="agents")
    slug = models.SlugField(_("address"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    version = models.CharField(_("version"), max_length=64, blank=True)
    framework = models.CharField(_("framework"), max_length=64, blank=True)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.UNKNOWN
    )
    trust = models.CharField(
        _("trust"), max_length=16, choices=Trust.choices, default=Trust.INTERNAL
    )
    retry = models.CharField(
        _("delivered again"), max_length=16, choices=Retry.choices, default=Retry.UNDELIVERED
    )
    endpoint = models.URLField(_("endpoint"), max_length=500, blank=True)
    is_open = models.BooleanField(
        _("open to anonymous callers"),
        default=False,
        help_text=_("Anybody who can reach AgentX may send this agent messages."),
    )
    direct_messages = models.BooleanField(
        _("may answer without a task"),
        default=False,
        help_text=_("Its first words decide whether a caller gets a task or a message."),
    )
    profile = models.JSONField(
        _("profile"), default=dict, help_text=_("What the message path needs of its card.")
    )
    retired = models.DateTimeField(_("retired"), null=True, blank=True)
    heartbeat = models.DateTimeField(_("last heard of"), null=True, blank=True)
    capabilities = models.ManyToManyField(Capability, related_name="agents", blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(source="remote") | ~Q(endpoint=""),
                name="registry_remote_agent_has_endpoint",
            ),
            models.CheckConstraint(
                condition=~Q(slug="router"), name="registry_front_door_is_no_agent"
            ),
        )

    def __str__(self) -> str:
        return self.slug


class AgentCard(models.Model):
    """One version of what an agent says of itself (A2A AgentCard). Never changed, only followed by the next."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="cards")
    version = models.PositiveIntegerField(_("version"))
    card = models.JSONField(_("card"))
    digest = models.CharField(_("sha256"), max_length=64)
    is_current = models.BooleanField(_("current"), default=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("agent card")
        verbose_name_plural = _("agent cards")
        ordering = ("agent", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("agent", "version"), name="registry_card_versions_once"
            ),
            models.UniqueConstraint(
                fields=("agent",), condition=Q(is_current=True), name="registry_one_current_card"
            ),
        )

    def __str__(self) -> str:
        return f"{self.agent_id} v{self.version}"
