"""What a supervisor refuses its processes."""

from typing import Any
from uuid import UUID

from django.db import transaction

from plugins_app.models import PluginEvent, PluginInstance
from plugins_app.services.events import record_event
from security import audit
from security.models import AuditEvent
from security.principals import system

US = system("supervisor")


@transaction.atomic
def record_refusal(instance_id: UUID, action: str, reason: str, data: dict[str, Any]) -> None:
    """A process tried what it may not, or took more than it may. For its page, and for the audit."""
    instance = PluginInstance.objects.select_related("plugin").filter(id=instance_id).first()
    if instance is None:
        return
    told = {"ordinal": instance.ordinal, **data}
    record_event(instance.plugin, instance, PluginEvent.Type.REFUSED, reason, told)
    refused = AuditEvent.Outcome.REFUSED
    after = {"reason": reason, **told}
    audit.record(US, action, "plugin", instance.plugin.slug, after=after, outcome=refused)
