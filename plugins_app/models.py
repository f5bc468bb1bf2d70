"""Plugins, what was installed of them, and their processes. `desired_*` is what is wanted; the rest is what is."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from registry.models import Agent, Node, Trust

MAX_REPLICAS = 32


class Plugin(models.Model):
    """An installed plugin and what an operator wants of it."""

    class Kind(models.TextChoices):
        LLM = "llm", _("LLM")
        TOOL = "tool", _("tool")
        STORAGE = "storage", _("storage")
        MEMORY = "memory", _("memory")
        VECTOR_DB = "vector_db", _("vector database")
        COMMUNICATION = "communication", _("communication")
        MONITOR = "monitor", _("monitor")
        SKILL = "skill", _("skill")
        FRAMEWORK = "framework", _("framework")
        CUSTOM = "custom", _("custom")

    class Priority(models.IntegerChoices):
        LOW = 0, _("low")
        NORMAL = 50, _("normal")
        HIGH = 100, _("high")
        CRITICAL = 200, _("critical")

    class State(models.TextChoices):
        UNLOADED = "unloaded", _("unloaded")
        LOADING = "loading", _("loading")
        LOADED = "loaded", _("loaded")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        ERROR = "error", _("error")

    class Desired(models.TextChoices):
        STOPPED = "stopped", _("stopped")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")

    class Reload(models.TextChoices):
        IMMEDIATE = "immediate", _("immediate")
        DEBOUNCED = "debounced", _("debounced")
        MANUAL = "manual", _("manual")
        ON_IDLE = "on_idle", _("on idle")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(_("name"), max_length=64, unique=True)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CUSTOM)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    framework = models.CharField(_("framework"), max_length=64, blank=True)
    trust = models.CharField(
        _("trust"), max_length=16, choices=Trust.choices, default=Trust.INTERNAL
    )
    reload = models.CharField(
        _("reload"), max_length=16, choices=Reload.choices, default=Reload.DEBOUNCED
    )
    release = models.ForeignKey(
        "PluginRelease",
        on_delete=models.PROTECT,
        null=True,
        related_name="current_of",
        verbose_name=_("release"),
    )
    config = models.JSONField(_("configuration"), default=dict, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.UNLOADED
    )
    reason = models.TextField(_("reason"), blank=True, help_text=_("Why it is in this state."))
    desired = models.CharField(
        _("wanted"), max_length=16, choices=Desired.choices, default=Desired.STOPPED
    )
    desired_replicas = models.PositiveSmallIntegerField(
        _("wanted processes"), default=1, validators=(MaxValueValidator(MAX_REPLICAS),)
    )
    generation = models.PositiveIntegerField(
        _("generation"),
        default=1,
        help_text=_("Grows when running processes must be replaced: restart, new configuration."),
    )
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("plugin")
        verbose_name_plural = _("plugins")
        ordering = ("-priority", "slug")
        constraints = (
            models.CheckConstraint(
                condition=Q(desired_replicas__lte=MAX_REPLICAS), name="plugins_app_replicas_bounded"
            ),
            models.CheckConstraint(
                condition=Q(desired="stopped") | Q(release__isnull=False),
                name="plugins_app_only_a_release_can_be_wanted",
            ),
        )

    def __str__(self) -> str:
        return self.slug


class PluginRelease(models.Model):
    """One installed version: where it lies and what was in it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(_("version"), max_length=64)
    path = models.CharField(_("folder"), max_length=1000)
    manifest = models.JSONField(_("manifest"))
    digest = models.CharField(_("sha256"), max_length=64)
    installed = models.DateTimeField(_("installed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("plugin", "-installed")
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "version", "digest"), name="plugins_app_release_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin_id} {self.version}"


class HostedAgent(models.Model):
    """This agent lives in this plugin."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="hosted_agents")
    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="hosted_by")

    class Meta:
        verbose_name = _("hosted agent")
        verbose_name_plural = _("hosted agents")

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.plugin_id}"


class PluginInstance(models.Model):
    """One plugin process: a replica slot. A relaunch keeps the row and gets a new `launch_id`."""

    class State(models.TextChoices):
        STARTING = "starting", _("starting")
        RUNNING = "running", _("running")
        DEGRADED = "degraded", _("degraded")
        DRAINING = "draining", _("draining")
        BACKOFF = "backoff", _("backoff")
        EXITED = "exited", _("exited")
        FATAL = "fatal", _("fatal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="instances")
    release = models.ForeignKey(PluginRelease, on_delete=models.PROTECT, related_name="instances")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="instances")
    ordinal = models.PositiveSmallIntegerField(_("number"))
    wanted = models.BooleanField(
        _("wanted"), default=True, help_text=_("False: drain it, then end it.")
    )
    generation = models.PositiveIntegerField(_("generation"), default=1)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.STARTING
    )
    reason = models.TextField(_("reason"), blank=True)
    pid = models.PositiveIntegerField(_("pid"), null=True)
    # Together with pid they tell this process from a later one with the same number (design §6, reattach).
    process_started = models.BigIntegerField(_("start time in clock ticks"), null=True)
    boot_id = models.CharField(_("boot id"), max_length=64, blank=True)
    executable = models.CharField(_("sha256 of the executable"), max_length=64, blank=True)
    launch_id = models.UUIDField(_("launch"), null=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    contract = models.PositiveSmallIntegerField(_("contract version"), null=True)
    restarts = models.PositiveIntegerField(_("restarts"), default=0)
    failures = models.JSONField(
        _("recent failures"), default=list, help_text=_("Unix times, newest last.")
    )
    backoff_until = models.DateTimeField(_("next try"), null=True)
    started = models.DateTimeField(_("started"), null=True)
    ready = models.DateTimeField(_("ready since"), null=True)
    log_tail = models.JSONField(_("last log lines"), default=list)
    rss_bytes = models.BigIntegerField(_("memory"), null=True)
    cpu_percent = models.FloatField(_("processor"), null=True)
    open_files = models.PositiveIntegerField(_("open files"), null=True)
    in_flight = models.PositiveIntegerField(_("messages in flight"), default=0)
    in_flight_average = models.FloatField(_("messages in flight, average"), default=0)
    messages_total = models.BigIntegerField(_("messages"), default=0)
    errors_total = models.BigIntegerField(_("errors"), default=0)
    sampled = models.DateTimeField(_("sampled"), null=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("plugin process")
        verbose_name_plural = _("plugin processes")
        ordering = ("plugin", "ordinal", "-created")
        constraints = (
            models.UniqueConstraint(
                fields=("plugin", "ordinal"),
                condition=~Q(state="exited"),
                name="plugins_app_one_process_per_slot",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("running", "degraded"))
                | (Q(pid__isnull=False) & ~Q(address="") & Q(launch_id__isnull=False)),
                name="plugins_app_running_has_address",
            ),
            models.CheckConstraint(
                condition=~Q(state="backoff") | Q(backoff_until__isnull=False),
                name="plugins_app_backoff_ends",
            ),
        )
        indexes = (models.Index(fields=("node", "state"), name="plugins_app_by_node"),)

    def __str__(self) -> str:
        return f"{self.plugin_id}/{self.ordinal}"


class PluginEvent(models.Model):
    """What happened to a plugin or one of its processes, for its page and the audit of machines."""

    class Type(models.TextChoices):
        INSTALLED = "installed", _("installed")
        STARTED = "started", _("process started")
        READY = "ready", _("process ready")
        ADOPTED = "adopted", _("process taken back")
        DEGRADED = "degraded", _("process degraded")
        DRAINING = "draining", _("process draining")
        EXITED = "exited", _("process ended")
        BACKOFF = "backoff", _("waiting before the next start")
        FATAL = "fatal", _("given up")
        STATE = "state", _("state changed")
        SCALED = "scaled", _("scaled")
        CONFIGURED = "configured", _("configured")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="events")
    instance = models.ForeignKey(
        PluginInstance, on_delete=models.SET_NULL, null=True, related_name="events"
    )
    time = models.DateTimeField(_("time"), default=timezone.now)
    type = models.CharField(_("type"), max_length=16, choices=Type.choices)
    message = models.TextField(_("message"), blank=True)
    data = models.JSONField(_("data"), default=dict)

    class Meta:
        verbose_name = _("plugin event")
        verbose_name_plural = _("plugin events")
        ordering = ("-time", "-id")
        indexes = (models.Index(fields=("plugin", "-time"), name="plugins_app_newest_event"),)

    def __str__(self) -> str:
        return f"{self.plugin_id} {self.type}"


class AutoscalePolicy(models.Model):
    """How many processes a plugin should have, by the messages in flight in each."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.OneToOneField(Plugin, on_delete=models.CASCADE, related_name="autoscale")
    enabled = models.BooleanField(_("enabled"), default=True)
    minimum = models.PositiveSmallIntegerField(_("minimum"), default=1)
    maximum = models.PositiveSmallIntegerField(_("maximum"), default=4)
    target_in_flight = models.FloatField(
        _("target"),
        default=4.0,
        help_text=_("Messages in flight that one process should have, on average."),
    )
    cooldown_seconds = models.PositiveIntegerField(
        _("cooldown"),
        default=30,
        help_text=_("Seconds after a change before the number may fall again."),
    )
    # What the autoscaler would have chosen lately: [unix time, processes], oldest first, one cooldown long.
    recommendations = models.JSONField(_("recommendations"), default=list, editable=False)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("autoscale policy")
        verbose_name_plural = _("autoscale policies")
        constraints = (
            models.CheckConstraint(
                condition=Q(minimum__lte=F("maximum"))
                & Q(minimum__gte=1)
                & Q(maximum__lte=MAX_REPLICAS),
                name="plugins_app_minimum_below_maximum",
            ),
            models.CheckConstraint(
                condition=Q(target_in_flight__gt=0), name="plugins_app_target_above_zero"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin_id}: {self.minimum} to {self.maximum}"


class ScalingDecision(models.Model):
    """One decision of the autoscaler with the figures behind it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="scaling_decisions")
    time = models.DateTimeField(_("time"), default=timezone.now)
    before = models.PositiveSmallIntegerField(_("processes before"))
    after = models.PositiveSmallIntegerField(_("processes after"))
    in_flight = models.FloatField(_("messages in flight"))
    target_in_flight = models.FloatField(_("target"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("scaling decision")
        verbose_name_plural = _("scaling decisions")
        ordering = ("-time", "-id")
        indexes = (models.Index(fields=("plugin", "-time"), name="plugins_app_newest_decision"),)

    def __str__(self) -> str:
        return f"{self.plugin_id}: {self.before} to {self.after}"
