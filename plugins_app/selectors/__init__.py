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
    target_of,
)
from plugins_app.selectors.releases import (
    Installation,
    access_release,
    installation_of,
    prepared,
    prepared_on,
    progress_of,
    releases_of,
)

__all__ = [
    "LOG_KEY",
    "MAX_LOG_LINES",
    "Installation",
    "LiveTarget",
    "access_plugin",
    "access_release",
    "by_ref",
    "config_of",
    "current_instances",
    "events_of",
    "installation_of",
    "instances_of",
    "latest_events",
    "live_targets",
    "log_lines",
    "plugins",
    "prepared",
    "prepared_on",
    "progress_of",
    "releases_of",
    "target_of",
]
