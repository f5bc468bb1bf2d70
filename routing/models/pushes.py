"""Webhooks, and what became of telling them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from routing.models.tasks import Task


class PushConfig(models.Model):
    """A webhook that wants to be told what happens to a task, and how far it has been told.

    The event log is the queue: what is numbered above `delivered_seq` has still to be told. `due` is when it may be
    tried next, and, while a courier has it in hand (`claim`), when it counts as forgotten by that courier.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="push_configs")
    config_id = models.CharField(_("config id"), max_length=128)
    url = models.TextField(_("URL"))
    host = models.CharField(_("host"), max_length=255)
    scheme = models.CharField(_("authentication scheme"), max_length=64, blank=True)
    sealed_credentials = models.TextField(_("credentials"), blank=True, help_text=_("Sealed."))
    sealed_token = models.TextField(_("token"), blank=True, help_text=_("Sealed."))
    dialect = models.CharField(_("A2A version"), max_length=8, default="1.0")
    created = models.DateTimeField(_("created"), default=timezone.now)
    delivered_seq = models.PositiveIntegerField(_("told up to"), default=0)
    attempts = models.PositiveSmallIntegerField(
        _("attempts"), default=0, help_text=_("Failed ones, of the event that is next.")
    )
    # Since it missed an event: one attempt for each further one, until one arrives.
    is_failing = models.BooleanField(_("failing"), default=False)
    due = models.DateTimeField(_("due"), default=timezone.now)
    claim = models.UUIDField(_("claim"), null=True)
    ended = models.DateTimeField(_("ended"), null=True, help_text=_("Nothing more will be told."))
    end_reason = models.CharField(_("why it ended"), max_length=16, blank=True)

    class Meta:
        verbose_name = _("push config")
        verbose_name_plural = _("push configs")
        ordering = ("task", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("task", "config_id"), name="routing_push_config_once_per_task"
            ),
            models.CheckConstraint(
                condition=Q(ended__isnull=True, end_reason="")
                | (Q(ended__isnull=False) & ~Q(end_reason="")),
                name="routing_push_ended_has_reason",
            ),
        )
        indexes = (
            models.Index(fields=("due",), condition=Q(ended__isnull=True), name="routing_push_due"),
        )

    def __str__(self) -> str:
        return self.config_id


class PushDelivery(models.Model):
    """What became of telling one webhook one event. Made at its first attempt."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    config = models.ForeignKey(PushConfig, on_delete=models.CASCADE, related_name="deliveries")
    seq = models.PositiveIntegerField(_("event"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    error = models.TextField(_("error"), blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now)
    updated = models.DateTimeField(_("last attempt"), default=timezone.now)
    # Of one that somebody wants to be tried once more, whatever its turn.
    replay_due = models.DateTimeField(_("replay due"), null=True)

    class Meta:
        verbose_name = _("push delivery")
        verbose_name_plural = _("push deliveries")
        ordering = ("-updated", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("config", "seq"), name="routing_push_event_once_per_config"
            ),
            models.CheckConstraint(
                condition=Q(replay_due__isnull=True) | Q(state="pending"),
                name="routing_push_replay_is_pending",
            ),
        )
        indexes = (
            models.Index(fields=("-updated", "-id"), name="routing_push_newest"),
            models.Index(
                fields=("replay_due",),
                condition=Q(replay_due__isnull=False),
                name="routing_push_replays",
            ),
        )

    def __str__(self) -> str:
        return f"{self.config_id}#{self.seq}"
