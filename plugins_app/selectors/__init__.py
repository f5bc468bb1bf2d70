"""Questions about plugins. `access_plugin` is the one door to a plugin."""

from plugins_app.selectors.logs import LOG_KEY, MAX_LOG_LINES, log_lines
from plugins_app.selectors.plugins import (
    LiveTarget,
    access_plugin,
    by_ref,
    config_of,
    current_instances,
    events_of,
    instances_of,
    latest_events,
    live_targets,
    plugins,
)

__all__ = [
    "LOG_KEY",
    "MAX_LOG_LINES",
    "LiveTarget",
    "access_plugin",
    "by_ref",
    "config_of",
    "current_instances",
    "events_of",
    "instances_of",
    "latest_events",
    "live_targets",
    "log_lines",
    "plugins",
]
