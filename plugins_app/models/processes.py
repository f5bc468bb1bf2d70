"""The processes of plugins, and what happened to them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.models.plugins import Plugin
from plugins_app.models.releases import PluginRelease
from registry.models import Node


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
    # Together with pid they tell this process from a later one with the same number.
    process_started = models.BigIntegerField(_("start time in clock ticks"), null=True)
    boot_id = models.CharField(_("boot id"), max_length=64, blank=True)
    executable = models.CharField(_("sha256 of the executable"), max_length=64, blank=True)
    launch_id = models.UUIDField(_("launch"), null=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    contract = models.PositiveSmallIntegerField(_("contract version"), null=True)
    revision = models.PositiveIntegerField(
        _("configuration revision"), default=0, help_text=_("The one this process has in force.")
    )
    isolation = models.JSONField(
        _("isolation"), default=dict, help_text=_("What is in force around this process.")
    )
    agents = models.JSONField(
        _("agents"),
        default=dict,
        help_text=_("By address: the revision it has, and why it could not make it."),
    )
    model_digest = models.CharField(
        _("default model"), max_length=64, blank=True, help_text=_("A mark of what it was given.")
    )
    # Only of a process we did not launch: the token that opens it, sealed.
    token_sealed = models.TextField(_("sealed token"), blank=True)
    certificate_expires = models.DateTimeField(_("certificate expires"), null=True)
    standbys = models.JSONField(
        _("warm standby processes"),
        default=list,
        help_text=_("Pids of those that would take this process's place at once."),
    )
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
        PREPARED = "prepared", _("release prepared")
        NOT_PREPARED = "not_prepared", _("release could not be prepared")
        UPGRADED = "upgraded", _("release changed")
        ROLLED_BACK = "rolled_back", _("rolled back")
        LOADED = "loaded", _("loaded")
        INITIALIZED = "initialized", _("initialised")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        STOPPED = "stopped", _("stopped")
        UNLOADED = "unloaded", _("unloaded")
        RELOADED = "reloaded", _("reloaded")
        STATE_MOVED = "state_moved", _("state handed over")
        ATTACHED = "attached", _("process attached")
        DETACHED = "detached", _("process detached")
        JOINED = "joined", _("process called home")
        REFUSED = "refused", _("refused")
        AGENT_ADDED = "agent_added", _("agent added")
        AGENT_CHANGED = "agent_changed", _("agent changed")
        AGENT_REMOVED = "agent_removed", _("agent removed")
        AGENT_READY = "agent_ready", _("agent ready")
        AGENT_FAILED = "agent_failed", _("agent could not be made")
        FOLDERS = "folders", _("folders of own code changed")

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
