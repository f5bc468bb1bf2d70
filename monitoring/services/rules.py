"""Alert rules: who may, what is valid, written down."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from monitoring.catalogue import METRICS
from monitoring.models import AlertRule
from monitoring.services.alerts import resolve_all
from security import audit, permissions
from security.addresses import refusal
from security.errors import Conflict, InvalidInput, NotFound
from security.principals import Principal

EDITABLE: Final = (
    "description",
    "metric",
    "comparison",
    "threshold",
    "for_seconds",
    "severity",
    "webhook_url",
    "enabled",
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "plugin-crash-loop",
        "description": "A plugin process crashed again and again and was given up.",
        "metric": "plugin_fatal_processes",
        "comparison": AlertRule.Comparison.AT_LEAST,
        "threshold": 1,
        "severity": AlertRule.Severity.CRITICAL,
    },
    {
        "name": "error-rate",
        "description": "More than a fifth of the messages of the last minute failed.",
        "metric": "error_rate",
        "comparison": AlertRule.Comparison.ABOVE,
        "threshold": 0.2,
        "for_seconds": 60,
        "severity": AlertRule.Severity.WARNING,
    },
    {
        "name": "agent-unreachable",
        "description": "An agent elsewhere cannot be reached, or its card cannot be believed any more.",
        "metric": "agents_unreachable",
        "comparison": AlertRule.Comparison.AT_LEAST,
        "threshold": 1,
        "for_seconds": 60,
        "severity": AlertRule.Severity.WARNING,
    },
    {
        "name": "agent-card-changed",
        "description": "An agent elsewhere says something else of itself than what was approved.",
        "metric": "agent_cards_changed",
        "comparison": AlertRule.Comparison.AT_LEAST,
        "threshold": 1,
        "severity": AlertRule.Severity.INFO,
    },
)


def ensure_default_rules() -> None:
    """The rules that ship. An operator's changes to them are kept."""
    for rule in DEFAULTS:
        AlertRule.objects.get_or_create(name=rule["name"], defaults={**rule, "builtin": True})


@transaction.atomic
def create_rule(principal: Principal, *, name: str, **values: Any) -> AlertRule:
    """Raises `InvalidInput` naming the fields, `Conflict` for a taken name."""
    principal.require(permissions.ALERTS_MANAGE)
    rule = _set(AlertRule(name=name), values)
    _check(rule)
    if AlertRule.objects.filter(name=name).exists():
        raise Conflict(_("There is already an alert rule %(name)r.") % {"name": name})
    rule.save()
    audit.record(principal, "alert_rule.created", "alert_rule", name, after=_told(rule))
    return rule


@transaction.atomic
def update_rule(principal: Principal, name: str, **values: Any) -> AlertRule:
    """Set some of `EDITABLE`. A rule that is switched off resolves its alerts."""
    principal.require(permissions.ALERTS_MANAGE)
    rule = _locked(name)
    before = _told(rule)
    _check(_set(rule, values))
    rule.save()
    after = _told(rule)
    if after != before:
        audit.record(
            principal, "alert_rule.updated", "alert_rule", name, before=before, after=after
        )
    if not rule.enabled:
        resolve_all(rule)
    return rule


@transaction.atomic
def delete_rule(principal: Principal, name: str) -> None:
    """Delete a rule with its alerts. Those that ship can only be switched off."""
    principal.require(permissions.ALERTS_MANAGE)
    rule = _locked(name)
    if rule.builtin:
        raise Conflict(_("%(name)s ships with AgentX: switch it off instead.") % {"name": name})
    resolve_all(rule)
    audit.record(principal, "alert_rule.deleted", "alert_rule", name, before=_told(rule))
    rule.delete()


def _locked(name: str) -> AlertRule:
    rule = AlertRule.objects.select_for_update().filter(name=name).first()
    if rule is None:
        raise NotFound(_("There is no alert rule %(name)r.") % {"name": name})
    return rule


def _set(rule: AlertRule, values: dict[str, Any]) -> AlertRule:
    unknown = sorted(values.keys() - set(EDITABLE))
    if unknown:
        told = _("unknown: %(names)s") % {"names": ", ".join(unknown)}
        raise InvalidInput(told, fields=dict.fromkeys(unknown, _("unknown")))
    for field, value in values.items():
        setattr(rule, field, value)
    return rule


def _told(rule: AlertRule) -> dict[str, Any]:
    return {field: getattr(rule, field) for field in EDITABLE}


def _check(rule: AlertRule) -> None:
    fields: dict[str, str] = {}
    try:
        rule.clean_fields()
    except ValidationError as error:
        fields = {name: " ".join(told) for name, told in error.message_dict.items()}
    if "metric" not in fields and rule.metric not in METRICS:
        known = ", ".join(sorted(METRICS))
        fields["metric"] = _("must be one of %(known)s") % {"known": known}
    if "webhook_url" not in fields and rule.webhook_url and (why := refusal(rule.webhook_url)):
        fields["webhook_url"] = why
    if fields:
        told = "; ".join(f"{name}: {why}" for name, why in fields.items())
        raise InvalidInput(told, fields=fields)
