"""Tasks, their events, and which message made which."""

import json
from typing import Any, Final

import orjson
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from registry.models import Agent


class Decoder(json.JSONDecoder):
    """JSON as it was when it came: Postgres tells a large number as an integer that no JSON writer here would take."""

    def decode(self, s: str, *_: Any) -> Any:
        return orjson.loads(s)


class TaskState(models.TextChoices):
    """A2A 1.0 task states, stored without their prefix TASK_STATE_."""

    SUBMITTED = "SUBMITTED", _("submitted")
    WORKING = "WORKING", _("working")
    COMPLETED = "COMPLETED", _("completed")
    FAILED = "FAILED", _("failed")
    CANCELED = "CANCELED", _("canceled")
    INPUT_REQUIRED = "INPUT_REQUIRED", _("input required")
    REJECTED = "REJECTED", _("rejected")
    AUTH_REQUIRED = "AUTH_REQUIRED", _("authentication required")


TERMINAL: Final = frozenset({"COMPLETED", "FAILED", "CANCELED", "REJECTED"})
INTERRUPTED: Final = frozenset({"INPUT_REQUIRED", "AUTH_REQUIRED"})
ACTIVE: Final = frozenset({"SUBMITTED", "WORKING"})


class Task(models.Model):
    """The snapshot of a task: what its events add up to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.UUIDField(_("tenant"), null=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tasks")
    owner = models.CharField(_("caller"), max_length=200)
    owner_label = models.CharField(_("caller's name"), max_length=200, blank=True)
    scope = models.CharField(_("A2A tenant"), max_length=128, blank=True, db_default="")
    context_id = models.CharField(_("context id"), max_length=128)
    state = models.CharField(_("state"), max_length=16, choices=TaskState.choices)
    status = models.JSONField(_("status"), decoder=Decoder, help_text=_("A2A TaskStatus."))
    artifacts = models.JSONField(
        _("artifacts"), default=list, decoder=Decoder, help_text=_("A2A Artifacts.")
    )
    metadata = models.JSONField(_("metadata"), null=True, decoder=Decoder)
    # An agent may answer with a message and no task: A2A callers never see this row.
    is_direct = models.BooleanField(_("answered directly"), db_default=False)
    request = models.JSONField(
        _("request"),
        null=True,
        decoder=Decoder,
        help_text=_("What another delivery needs beside the message."),
    )
    deliveries = models.PositiveSmallIntegerField(_("deliveries"), db_default=1)
    upstream = models.JSONField(
        _("upstream"), null=True, help_text=_("Of a remote agent: its taskId and contextId.")
    )
    # The task whose turn asked for this one, in the name of the same caller.
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="children", db_index=False
    )
    trace = models.CharField(_("trace"), max_length=32, blank=True, db_default="")
    usage = models.JSONField(
        _("usage"), null=True, help_text=_("Of models, over all its turns: see routing.usage.")
    )
    seq = models.PositiveIntegerField(_("events"), default=1)
    door = models.CharField(_("door"), max_length=16, blank=True)
    instance = models.UUIDField(_("plugin process"), null=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    reason = models.TextField(_("reason"), blank=True, help_text=_("Why it failed."))
    cancel_requested = models.DateTimeField(_("cancel requested"), null=True)
    # A running task belongs to the process that runs it, which renews the lease; see reap_lost_tasks.
    lease_owner = models.CharField(_("run by"), max_length=128, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    created = models.DateTimeField(_("created"), default=timezone.now)
    updated = models.DateTimeField(_("status changed"), default=timezone.now)
    closed = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-updated", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(closed__isnull=False, state__in=sorted(TERMINAL))
                | (Q(closed__isnull=True) & ~Q(state__in=sorted(TERMINAL))),
                name="routing_closed_means_terminal",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(ACTIVE)) | Q(lease_until__isnull=False),
                name="routing_running_task_has_lease",
            ),
        )
        indexes = (
            models.Index(fields=("-updated", "-id"), name="routing_task_newest"),
            models.Index(fields=("owner", "-updated", "-id"), name="routing_task_by_caller"),
            models.Index(fields=("agent", "-updated"), name="routing_task_by_agent"),
            models.Index(fields=("context_id",), name="routing_task_by_context"),
            models.Index(
                fields=("lease_until",),
                condition=Q(closed__isnull=True),
                name="routing_task_lease",
            ),
            models.Index(
                fields=("closed",), condition=Q(closed__isnull=False), name="routing_task_closed"
            ),
            models.Index(
                fields=("parent",),
                condition=Q(parent__isnull=False),
                name="routing_task_by_parent",
            ),
            models.Index(fields=("trace",), name="routing_task_by_trace"),
            # Who waits for a process, or for its turn in a conversation.
            models.Index(
                fields=("context_id",),
                condition=Q(state="SUBMITTED", closed__isnull=True),
                name="routing_task_waiting",
            ),
            # Canceled while it waited, and its agent elsewhere has not been told: see `withdrawn`.
            models.Index(
                fields=("cancel_requested",),
                condition=Q(closed__isnull=False, cancel_requested__isnull=False),
                name="routing_task_withdrawn",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class IdempotencyKey(models.Model):
    """A message that must make one task only, however often its caller sends it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.CharField(_("caller"), max_length=200)
    scope = models.CharField(_("A2A tenant"), max_length=128, blank=True, db_default="")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(_("message id"), max_length=128)
    digest = models.CharField(_("sha256 of the payload"), max_length=64)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "scope", "agent", "message_id"), name="routing_message_once"
            ),
        )
        indexes = (models.Index(fields=("created",), name="routing_idempotency_age"),)

    def __str__(self) -> str:
        return self.message_id


class TaskEvent(models.Model):
    """One change of a task. Dense numbers from 1; never changed."""

    class Kind(models.TextChoices):
        STATUS = "status", _("status")
        ARTIFACT = "artifact", _("artifact")
        MESSAGE = "message", _("message")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    payload = models.JSONField(
        _("payload"),
        decoder=Decoder,
        help_text=_("A2A TaskStatus, {artifact, append, lastChunk}, or Message."),
    )
    time = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("task event")
        verbose_name_plural = _("task events")
        ordering = ("task", "seq")
        constraints = (
            models.UniqueConstraint(fields=("task", "seq"), name="routing_event_numbers_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="routing_events_count_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.task_id}#{self.seq}"
