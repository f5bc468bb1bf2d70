"""How many processes there are to be, and why that was changed."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.models.plugins import MAX_REPLICAS, Plugin


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
