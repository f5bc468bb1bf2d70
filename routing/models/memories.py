"""What agents remember of conversations, between one turn and the next."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from plugins_app.client.shapes import MAX_MEMORY
from plugins_app.models import HostedAgent
from registry.models import Agent


class ConversationMemory(models.Model):
    """Of one caller's conversation with one agent. Written by the journal, with the end of a turn.

    `turn` is the task that has the conversation's one turn: at work with it, or about to be. It counts as long as that
    task is at work by its own row, so there is no second lease to keep.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.CharField(_("caller"), max_length=200)
    scope = models.CharField(_("A2A tenant"), max_length=128, blank=True, db_default="")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="memories")
    # Another plugin that takes over the agent's address must not read what this one's agent remembered.
    hosted = models.ForeignKey(HostedAgent, on_delete=models.CASCADE, related_name="memories")
    context_id = models.CharField(_("context id"), max_length=128)
    value = models.BinaryField(_("what the agent remembers"), default=b"", editable=False)
    # Counts what was kept and what was forgotten: a turn that began before it was forgotten cannot bring it back.
    revision = models.PositiveIntegerField(_("revision"), default=0)
    turn = models.UUIDField(_("task whose turn it is"), null=True)
    updated = models.DateTimeField(_("last used"), default=timezone.now)

    class Meta:
        verbose_name = _("conversation memory")
        verbose_name_plural = _("conversation memories")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "scope", "agent", "context_id"),
                name="routing_memory_once_per_conversation",
            ),
            models.CheckConstraint(
                condition=Q(LessThanOrEqual(Length("value"), Value(MAX_MEMORY))),
                name="routing_memory_is_at_most_a_mebibyte",
            ),
        )
        indexes = (
            models.Index(fields=("agent", "-updated", "-id"), name="routing_memory_by_agent"),
            models.Index(fields=("updated",), name="routing_memory_age"),
        )

    def __str__(self) -> str:
        return self.context_id
