"""Deeds of monitoring: samples, alert rules, alerts, and telling webhooks."""

from monitoring.services.alerts import acknowledge_alert, evaluate_alerts
from monitoring.services.outbox import Notice, claim_notices, note_failed, note_told
from monitoring.services.rules import create_rule, delete_rule, ensure_default_rules, update_rule
from monitoring.services.samples import prune, take_sample

__all__ = [
    "Notice",
    "acknowledge_alert",
    "claim_notices",
    "create_rule",
    "delete_rule",
    "ensure_default_rules",
    "evaluate_alerts",
    "note_failed",
    "note_told",
    "prune",
    "take_sample",
    "update_rule",
]
