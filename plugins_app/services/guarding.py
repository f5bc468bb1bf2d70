"""What a supervisor refuses its processes, and what they use."""

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


def write_use(use: dict[tuple[UUID, str], dict[str, int]]) -> None:
    """What each process uses of its limits, by row and launch; one that was relaunched is left alone."""
    rows = PluginInstance.objects.in_bulk([instance_id for instance_id, _launch in use])
    changed = []
    for (instance_id, launch_id), told in use.items():
        row = rows.get(instance_id)
        if row is not None and str(row.launch_id) == launch_id and row.isolation:
            row.isolation = row.isolation | {"use": told}
            changed.append(row)
    if changed:
        PluginInstance.objects.bulk_update(changed, ["isolation"])
