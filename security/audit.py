"""What was done: one row per change, written in the transaction of the change itself."""

from functools import partial
from typing import Any

from django.db import transaction

from security.models import AuditEvent
from security.principals import Principal
from security.signals import audit_recorded


def record(
    principal: Principal,
    action: str,
    target_type: str,
    target: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    outcome: AuditEvent.Outcome = AuditEvent.Outcome.DONE,
) -> AuditEvent:
    """Write down one deed. `before` and `after` hold only the fields that matter, never a secret."""
    event = AuditEvent.objects.create(
        tenant=principal.tenant_id,
        actor=principal.subject,
        actor_label=principal.told,
        action=action,
        target_type=target_type,
        target=target,
        source_ip=principal.source_ip or None,
        request_id=principal.request_id,
        before=before,
        after=after,
        outcome=outcome,
    )
    transaction.on_commit(partial(audit_recorded.send_robust, AuditEvent, event=event))
    return event
