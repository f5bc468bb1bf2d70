"""What `/metrics` counts. Counted in the process where it happened, after the commit; gauges are in collectors."""

from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Histogram

from routing.signals import TaskChanged

MAX_AGENTS: Final = 500

messages_total = Counter(
    "a2a_messages_total", "Messages, by what became of them.", ("agent", "door", "outcome")
)
message_duration_seconds = Histogram(
    "a2a_message_duration_seconds",
    "From the commit that opened a task to the one that closed it.",
    ("agent",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
alerts_total = Counter("agentx_alerts_total", "Alerts, by what they became.", ("state",))
scaling_decisions_total = Counter(
    "agentx_scaling_decisions_total", "Decisions of the autoscaler.", ("plugin", "direction")
)
plugin_events_total = Counter(
    "agentx_plugin_events_total", "What happened to plugins.", ("plugin", "type")
)
audit_events_total = Counter("agentx_audit_events_total", "Audited deeds.", ("action", "outcome"))
push_deliveries_total = Counter(
    "agentx_push_deliveries_total", "Attempts to tell a webhook, by their outcome.", ("outcome",)
)
live_connections = Counter(
    "agentx_live_connections_total", "WebSocket connections, by their end.", ("socket", "outcome")
)

_seen: set[str] = set()


def bounded(agent_slug: str) -> str:
    """The slug as a label; beyond `MAX_AGENTS` names they are counted together, so that labels stay bounded."""
    if agent_slug not in _seen:
        if len(_seen) >= MAX_AGENTS:
            return "other"
        _seen.add(agent_slug)
    return agent_slug


@lru_cache(maxsize=4096)
def _counted(agent: str, door: str, outcome: str) -> Counter:
    # labels() takes a lock and checks its arguments: thousands of times a second that shows.
    return messages_total.labels(agent, door, outcome)


@lru_cache(maxsize=1024)
def _timed(agent: str) -> Histogram:
    return message_duration_seconds.labels(agent)


def count_task(change: TaskChanged) -> None:
    """Count a closed task; the others are on their way."""
    if not change.closed:
        return
    agent = bounded(change.agent_slug)
    _counted(agent, change.door, change.state.lower()).inc()
    if change.seconds is not None:
        _timed(agent).observe(change.seconds)
