"""Which agents and nodes exist."""

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
