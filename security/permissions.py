"""The permissions that exist, and which of them the five built-in roles carry."""

from typing import Final

AGENTS_VIEW = "agents.view"
AGENTS_MANAGE = "agents.manage"
AGENTS_CALL = "agents.call"
PLUGINS_VIEW = "plugins.view"
PLUGINS_LOGS = "plugins.logs"
PLUGINS_OPERATE = "plugins.operate"  # start, stop, restart, pause, resume, scale
PLUGINS_MANAGE = "plugins.manage"  # install, configure, uninstall
PLUGINS_PUBLISH = "plugins.publish"  # list packages in the registry
PLUGINS_REVIEW = "plugins.review"  # say how far a package and its publishers may be trusted
TASKS_VIEW = "tasks.view"  # one's own
TASKS_VIEW_ALL = "tasks.view_all"
TASKS_CANCEL_ALL = "tasks.cancel_all"
ALERTS_VIEW = "alerts.view"
ALERTS_ACKNOWLEDGE = "alerts.acknowledge"
ALERTS_MANAGE = "alerts.manage"
AUTOSCALING_VIEW = "autoscaling.view"
AUTOSCALING_MANAGE = "autoscaling.manage"
NODES_VIEW = "nodes.view"
NODES_MANAGE = "nodes.manage"
METRICS_VIEW = "metrics.view"
AUDIT_VIEW = "audit.view"
KEYS_OWN = "keys.own"
KEYS_MANAGE = "keys.manage"
USERS_MANAGE = "users.manage"

EVERYTHING: Final = frozenset(
    value for name, value in dict(globals()).items() if name.isupper() and isinstance(value, str)
)
_SEES: Final = frozenset(
    {AGENTS_VIEW, PLUGINS_VIEW, TASKS_VIEW, TASKS_VIEW_ALL, ALERTS_VIEW, AUTOSCALING_VIEW}
    | {NODES_VIEW, METRICS_VIEW}
)
BUILTIN_ROLES: Final[dict[str, frozenset[str]]] = {
    "admin": EVERYTHING,
    "operator": _SEES
    | {PLUGINS_LOGS, PLUGINS_OPERATE, AGENTS_CALL, TASKS_CANCEL_ALL, ALERTS_ACKNOWLEDGE}
    | {ALERTS_MANAGE, AUTOSCALING_MANAGE, NODES_MANAGE, KEYS_OWN},
    "developer": frozenset(
        {AGENTS_VIEW, AGENTS_MANAGE, AGENTS_CALL, PLUGINS_VIEW, PLUGINS_LOGS, PLUGINS_PUBLISH}
        | {TASKS_VIEW}
        | {ALERTS_VIEW, AUTOSCALING_VIEW, NODES_VIEW, METRICS_VIEW, KEYS_OWN}
    ),
    "viewer": _SEES,
    "auditor": _SEES | {AUDIT_VIEW},
}
