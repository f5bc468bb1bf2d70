"""Messages on their way. Tasks are written by the journal (`routing.journal`) in SQL; the ORM reads them.

The event log is the task (design §3): every change appends `TaskEvent(task, seq)` in the transaction that changes
the snapshot in `Task`, and `Task.seq` is the number of the last one.
"""

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


class Conversation(models.Model):
    """What A2A calls a context: tasks and messages that belong together, of one caller with one agent."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    context_id = models.CharField(_("context id"), max_length=128)
    tenant = models.UUIDField(_("tenant"), null=True)
    owner = models.CharField(_("caller"), max_length=200)
    scope = models.CharField(_("A2A tenant"), max_length=128, blank=True, db_default="")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="conversations")
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "scope", "agent", "context_id"),
                name="routing_context_once_per_caller",
            ),
        )

    def __str__(self) -> str:
        return self.context_id


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


class Message(models.Model):
    """A message of a conversation, by a caller or by the agent."""

    class Role(models.TextChoices):
        USER = "user", _("caller")
        AGENT = "agent", _("agent")

    class Intent(models.TextChoices):
        QUERY = "query", _("query")
        COMMAND = "command", _("command")
        NOTIFICATION = "notification", _("notification")
        DELEGATION = "delegation", _("delegation")
        COLLABORATION = "collaboration", _("collaboration")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message_id = models.CharField(_("message id"), max_length=128)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, related_name="messages")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="messages")
    owner = models.CharField(_("caller"), max_length=200)
    context_id = models.CharField(_("context id"), max_length=128)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    intent = models.CharField(
        _("intent"), max_length=16, choices=Intent.choices, default=Intent.QUERY
    )
    message = models.JSONField(_("message"), decoder=Decoder, help_text=_("A2A Message."))
    created = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-created", "-id")
        indexes = (
            models.Index(fields=("task", "created"), name="routing_message_by_task"),
            models.Index(fields=("agent", "-created"), name="routing_message_by_agent"),
        )

    def __str__(self) -> str:
        return self.message_id


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
