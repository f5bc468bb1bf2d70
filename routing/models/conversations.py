"""What A2A calls contexts, and what was said in them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from registry.models import Agent
from routing.models.tasks import Decoder, Task


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
