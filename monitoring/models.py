"""Rules, alerts, and the figures that pages show and charts are drawn from."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from security.models import User


class AlertRule(models.Model):
    """When `metric` stands in `comparison` to `threshold` for `for_seconds`, somebody should know."""

    class Comparison(models.TextChoices):
        ABOVE = "gt", _("above")
        AT_LEAST = "gte", _("at least")
        BELOW = "lt", _("below")
        AT_MOST = "lte", _("at most")

    class Severity(models.TextChoices):
        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)
    metric = models.CharField(_("metric"), max_length=100)
    comparison = models.CharField(_("comparison"), max_length=4, choices=Comparison.choices)
    threshold = models.FloatField(_("threshold"))
    for_seconds = models.PositiveIntegerField(
        _("for"), default=0, help_text=_("Seconds it must hold before it fires.")
    )
    severity = models.CharField(
        _("severity"), max_length=16, choices=Severity.choices, default=Severity.WARNING
    )
    # Checked by security.addresses: Django's URL validator refuses names like "alertmanager".
    webhook_url = models.CharField(_("webhook"), max_length=500, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    builtin = models.BooleanField(_("built in"), default=False, editable=False)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """A rule that holds, or held, for one subject (a plugin, an agent, or the whole)."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        FIRING = "firing", _("firing")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        RESOLVED = "resolved", _("resolved")
        SILENCED = "silenced", _("silenced")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.PENDING
    )
    value = models.FloatField(_("value"))
    since = models.DateTimeField(_("since"), default=timezone.now)
    fired = models.DateTimeField(_("fired"), null=True)
    resolved = models.DateTimeField(_("resolved"), null=True)
    acknowledged = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="acknowledged_alerts"
    )
    # The webhook's outbox: what must still be told, claimed by conditional update.
    notify = models.CharField(_("to be told"), max_length=16, blank=True)
    notify_attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    notify_after = models.DateTimeField(_("next attempt"), null=True)
    notify_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ("-since", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "subject"),
                condition=~Q(state="resolved"),
                name="monitoring_one_open_alert_per_subject",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved") | Q(resolved__isnull=False),
                name="monitoring_resolved_has_time",
            ),
        )
        indexes = (models.Index(fields=("state", "-since"), name="monitoring_alert_by_state"),)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.subject} {self.state}"


class MetricPoint(models.Model):
    """One figure at one moment: what the console's charts are drawn from."""

    id = models.BigAutoField(primary_key=True)
    time = models.DateTimeField(_("time"), default=timezone.now)
    name = models.CharField(_("name"), max_length=100)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    value = models.FloatField(_("value"))

    class Meta:
        verbose_name = _("metric point")
        verbose_name_plural = _("metric points")
        indexes = (
            models.Index(fields=("name", "subject", "-time"), name="monitoring_point_series"),
            models.Index(fields=("time",), name="monitoring_point_age"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.subject} {self.value}"


class Sample(models.Model):
    """All figures of the overview at one moment. `id` is the number of the live frame that showed them."""

    id = models.BigAutoField(primary_key=True)
    time = models.DateTimeField(_("time"), default=timezone.now)
    figures = models.JSONField(_("figures"))

    class Meta:
        verbose_name = _("sample")
        verbose_name_plural = _("samples")
        indexes = (models.Index(fields=("time",), name="monitoring_sample_age"),)

    def __str__(self) -> str:
        return f"#{self.id}"
