"""Autoscaling: the deed behind `plugins_app.policy`. It only changes what is wanted; the supervisors make it so."""

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app import policy as arithmetic
from plugins_app.models import (
    FIRST_ELSEWHERE,
    MAX_REPLICAS,
    AutoscalePolicy,
    Plugin,
    PluginEvent,
    PluginInstance,
    ScalingDecision,
)
from plugins_app.policy import Limits, Load, Recommendation
from plugins_app.services.operation import set_replicas
from plugins_app.signals import scaling_decided
from security import audit, permissions
from security.errors import InvalidInput, NotFound
from security.principals import Principal, system

LOCK: Final = 0x7363616C65  # "scale"
FRESH_SECONDS: Final = 10
MEASURED: Final = (PluginInstance.State.RUNNING, PluginInstance.State.DEGRADED)
EDITABLE: Final = ("enabled", "minimum", "maximum", "target_in_flight", "cooldown_seconds")


def policies(principal: Principal) -> QuerySet[AutoscalePolicy]:
    principal.require(permissions.AUTOSCALING_VIEW)
    return AutoscalePolicy.objects.select_related("plugin").order_by("plugin__slug")


def access_policy(principal: Principal, plugin_slug: str) -> AutoscalePolicy:
    policy = policies(principal).filter(plugin__slug=plugin_slug).first()
    if policy is None:
        told = _("There is no autoscale policy for a plugin %(slug)r.")
        raise NotFound(told % {"slug": plugin_slug})
    return policy


def decisions(principal: Principal, plugin_slug: str = "") -> QuerySet[ScalingDecision]:
    """What the autoscaler decided, newest first; of one plugin when it is named."""
    principal.require(permissions.AUTOSCALING_VIEW)
    found = ScalingDecision.objects.select_related("plugin").order_by("-time", "-id")
    return found.filter(plugin__slug=plugin_slug) if plugin_slug else found


@transaction.atomic
def update_policy(principal: Principal, plugin_slug: str, **values: Any) -> AutoscalePolicy:
    """Set some of `EDITABLE`; makes the policy when the plugin has none.

    Raises `InvalidInput` naming the fields, `NotFound` for an unknown plugin.
    """
    principal.require(permissions.AUTOSCALING_MANAGE)
    plugin = Plugin.objects.select_for_update().filter(slug=plugin_slug).first()
    if plugin is None:
        raise NotFound(_("There is no plugin %(ref)r.") % {"ref": plugin_slug})
    policy = AutoscalePolicy.objects.filter(plugin=plugin).first() or AutoscalePolicy(plugin=plugin)
    before = None if policy._state.adding else _told(policy)
    for name in EDITABLE:
        if name in values:
            setattr(policy, name, values[name])
    _check(policy)
    policy.save()
    audit.record(
        principal, "autoscaling.updated", "plugin", plugin.slug, before=before, after=_told(policy)
    )
    return policy


def _told(policy: AutoscalePolicy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in EDITABLE}


def _check(policy: AutoscalePolicy) -> None:
    fields: dict[str, str] = {}
    try:
        policy.clean_fields(exclude=["plugin", "recommendations"])
    except ValidationError as error:
        fields = {name: " ".join(told) for name, told in error.message_dict.items()}
    if not fields and not 1 <= policy.minimum <= policy.maximum:
        fields["minimum"] = _("must be at least 1 and at most the maximum")
    if not fields and policy.maximum > MAX_REPLICAS:
        fields["maximum"] = _("must be at most %(most)d") % {"most": MAX_REPLICAS}
    if not fields and not policy.target_in_flight > 0:
        fields["target_in_flight"] = _("must be above 0")
    if fields:
        told = "; ".join(f"{name}: {why}" for name, why in fields.items())
        raise InvalidInput(told, fields=fields)


@transaction.atomic
def autoscale_all() -> list[ScalingDecision]:
    """Decide for every enabled policy of a running plugin. One process at a time; another finds nothing to do."""
    if not _first_come():
        return []
    now = timezone.now()
    enabled = AutoscalePolicy.objects.filter(enabled=True, plugin__desired=Plugin.Desired.RUNNING)
    locked = enabled.select_related("plugin").select_for_update(of=("self", "plugin"))
    found = list(locked.order_by("plugin_id"))
    loads = _loads([policy.plugin for policy in found], now)
    taken = (_autoscale(policy, loads[policy.plugin.slug], now) for policy in found)
    return [decision for decision in taken if decision is not None]


def _first_come() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _loads(plugins: list[Plugin], now: datetime) -> dict[str, Load]:
    """Messages in flight by plugin; what no supervisor has measured lately is unknown, not zero.

    Processes that joined from elsewhere carry their own: how many there are is not ours to say.
    """
    fresh = now - timedelta(seconds=FRESH_SECONDS)
    rows = PluginInstance.objects.filter(
        plugin__in=plugins, state__in=MEASURED, sampled__gte=fresh, ordinal__lt=FIRST_ELSEWHERE
    ).values_list("plugin_id", "in_flight_average")
    measured: dict[Any, list[float]] = {plugin.id: [] for plugin in plugins}
    for plugin_id, in_flight in rows:
        measured[plugin_id].append(in_flight)
    return {
        plugin.slug: Load(
            in_flight=sum(measured[plugin.id]),
            unmeasured=max(0, plugin.desired_replicas - len(measured[plugin.id])),
        )
        for plugin in plugins
    }


def _autoscale(policy: AutoscalePolicy, load: Load, now: datetime) -> ScalingDecision | None:
    plugin, stamp = policy.plugin, now.timestamp()
    limits = Limits(
        policy.minimum, policy.maximum, policy.target_in_flight, float(policy.cooldown_seconds)
    )
    recent = [Recommendation(time, processes) for time, processes in policy.recommendations]
    current = plugin.desired_replicas
    decided = arithmetic.decide(
        current, limits, load, now=stamp, last_change=_last_change(plugin), recent=recent
    )
    kept = arithmetic.remembered(recent, current, limits, stamp, decided.recommended)
    policy.recommendations = [list(asdict(one).values()) for one in kept]
    policy.save(update_fields=["recommendations"])
    return None if decided.wanted == current else _change(policy, decided, load, now)


def _last_change(plugin: Plugin) -> float | None:
    """Whoever made it: what a person asked for is left alone for a cooldown, too."""
    scaled = plugin.events.filter(type=PluginEvent.Type.SCALED).order_by("-time").first()
    return scaled.time.timestamp() if scaled else None


def _change(
    policy: AutoscalePolicy, decided: arithmetic.Decision, load: Load, now: datetime
) -> ScalingDecision:
    plugin, before = policy.plugin, policy.plugin.desired_replicas
    set_replicas(plugin, decided.wanted, f"the autoscaler: {decided.reason}")
    decision = ScalingDecision.objects.create(
        plugin=plugin,
        time=now,
        before=before,
        after=decided.wanted,
        in_flight=load.in_flight,
        target_in_flight=policy.target_in_flight,
        reason=decided.reason[:200],
    )
    audit.record(
        system("autoscaler"),
        "plugin.scaled",
        "plugin",
        plugin.slug,
        before={"replicas": before},
        after={"replicas": decided.wanted, "reason": decided.reason},
    )
    transaction.on_commit(partial(scaling_decided.send_robust, ScalingDecision, decision=decision))
    return decision
