"""What an operator wants of a plugin, and which agents it hosts."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from registry.models import Trust

MAX_REPLICAS = 32
MAX_STANDBY = 4


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
    next_release = models.ForeignKey(
        "PluginRelease",
        on_delete=models.SET_NULL,
        null=True,
        related_name="next_of",
        verbose_name=_("next release"),
        help_text=_("Takes over once every node that needs it has prepared it."),
    )
    next_is_asked = models.BooleanField(
        _("next release asked for"),
        default=False,
        help_text=_("An operator said so: then it takes over at once, whatever the strategy."),
    )
    good_release = models.ForeignKey(
        "PluginRelease",
        on_delete=models.SET_NULL,
        null=True,
        related_name="good_of",
        verbose_name=_("last good release"),
        help_text=_("Where a release that does not come up is rolled back to."),
    )
    config = models.JSONField(_("configuration"), default=dict, blank=True)
    revision = models.PositiveIntegerField(
        _("configuration revision"), default=0, help_text=_("0: as its manifest has it.")
    )
    allowed_hosts = models.JSONField(
        _("hosts it may talk to"),
        default=list,
        blank=True,
        help_text=_("Of those that its manifest lists, what an admin let it have below verified."),
    )
    code_folders = models.JSONField(
        _("folders of own code"),
        default=list,
        blank=True,
        help_text=_("Of the nodes' machines, which an admin lets it read."),
    )
    good_revision = models.PositiveIntegerField(_("last good configuration revision"), null=True)
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
    changed = models.DateTimeField(
        _("changed"),
        default=timezone.now,
        help_text=_("When the generation last grew: the reload strategy counts from here."),
    )
    asked_generation = models.PositiveIntegerField(
        _("generation asked for"),
        default=1,
        help_text=_("Up to this one an operator said to reload now, whatever the strategy."),
    )
    standby = models.PositiveSmallIntegerField(
        _("warm standby processes"),
        default=0,
        validators=(MaxValueValidator(MAX_STANDBY),),
        help_text=_("Started and configured, but without messages until one is needed."),
    )
    rollbacks = models.PositiveSmallIntegerField(_("automatic rollbacks"), default=0)
    retry_after = models.DateTimeField(_("no automatic rollback before"), null=True)
    attachment = models.JSONField(
        _("attachment"),
        null=True,
        help_text=_("A process that was started by hand, under a debugger say: where it listens."),
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
                condition=Q(standby__lte=MAX_STANDBY), name="plugins_app_standby_bounded"
            ),
            models.CheckConstraint(
                condition=Q(desired="stopped") | Q(release__isnull=False),
                name="plugins_app_only_a_release_can_be_wanted",
            ),
        )

    def __str__(self) -> str:
        return self.slug
