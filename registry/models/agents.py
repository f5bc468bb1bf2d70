"""Agents, what they can do, and every version of what they said of themselves."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from security.models import Tenant


class Trust(models.TextChoices):
    PUBLIC = "public", _("public")
    VERIFIED = "verified", _("verified")
    TRUSTED = "trusted", _("trusted")
    INTERNAL = "internal", _("internal")


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


class AgentManager(models.Manager["Agent"]):
    """Leaves what is only searched in the database."""

    def get_queryset(self) -> models.QuerySet["Agent"]:
        return super().get_queryset().defer("keywords", "called", "haystack", "search")


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
    reason = models.TextField(_("reason"), blank=True, help_text=_("Why it is in this state."))
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
    keeps_memory = models.BooleanField(
        _("remembers conversations"),
        default=False,
        help_text=_("AgentX keeps what it remembers of each, and gives it one turn at a time."),
    )
    profile = models.JSONField(
        _("profile"), default=dict, help_text=_("What the message path needs of its card.")
    )
    card_digest = models.CharField(_("sha256 of its card"), max_length=64, blank=True)
    card_changed = models.DateTimeField(_("card changed"), default=timezone.now)
    retired = models.DateTimeField(_("retired"), null=True, blank=True)
    heartbeat = models.DateTimeField(_("last heard of"), null=True, blank=True)
    lease_seconds = models.PositiveIntegerField(
        _("lease"), null=True, help_text=_("It says so often that it is there, or is not known to.")
    )
    lease_until = models.DateTimeField(_("lease runs until"), null=True)
    # What its card and capabilities tell of it, for searching; written with them.
    tags = ArrayField(models.CharField(max_length=100), verbose_name=_("tags"), default=list)
    keywords = models.TextField(_("keywords"), blank=True, editable=False)
    called = models.GeneratedField(
        expression=Lower(Concat("slug", Value(" "), "name", output_field=models.TextField())),
        output_field=models.TextField(),
        db_persist=True,
    )
    haystack = models.GeneratedField(
        expression=Lower(
            Concat("slug", Value(" "), "name", Value(" "), "framework", Value(" "),
                   "keywords", Value(" "), "description", output_field=models.TextField())
        ),
        output_field=models.TextField(),
        db_persist=True,
    )  # fmt: skip
    search = models.GeneratedField(
        expression=SearchVector("slug", weight="A", config="english")
        + SearchVector("name", weight="A", config="english")
        + SearchVector("keywords", weight="B", config="english")
        + SearchVector("framework", weight="B", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    capabilities = models.ManyToManyField(Capability, related_name="agents", blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    objects = AgentManager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ("slug",)
        indexes = (
            GinIndex(fields=["search"], name="registry_agent_search"),
            GinIndex(fields=["tags"], name="registry_agent_tags"),
            GinIndex(
                OpClass(models.F("haystack"), name="gin_trgm_ops"), name="registry_agent_haystack"
            ),
            # What is only alike is looked for in names alone: comparing whole texts takes too long.
            GinIndex(
                OpClass(models.F("called"), name="gin_trgm_ops"), name="registry_agent_called"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(source="remote") | ~Q(endpoint=""),
                name="registry_remote_agent_has_endpoint",
            ),
            models.CheckConstraint(
                condition=~Q(slug="router"), name="registry_front_door_is_no_agent"
            ),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True) | Q(lease_seconds__isnull=False),
                name="registry_a_running_lease_has_a_length",
            ),
        )

    def __str__(self) -> str:
        return self.slug


class AgentCard(models.Model):
    """One version of what an agent says of itself, without AgentX's addresses (`registry.cards.statement`).

    Never changed, only followed by the next.
    """

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
