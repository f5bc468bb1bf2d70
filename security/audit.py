"""What was done: one row per change, written in the transaction of the change itself."""

from typing import Any

from security.models import AuditEvent
from security.principals import Principal


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
    return AuditEvent.objects.create(
        tenant=principal.tenant_id,
        actor=principal.subject,
        actor_label=principal.label,
        action=action,
        target_type=target_type,
        target=target,
        source_ip=principal.source_ip or None,
        request_id=principal.request_id,
        before=before,
        after=after,
        outcome=outcome,
    )
