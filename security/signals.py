"""What others may want to know. Sent after commit; received only in monitoring.receivers."""

from django.dispatch import Signal

audit_recorded = Signal()  # event: AuditEvent
