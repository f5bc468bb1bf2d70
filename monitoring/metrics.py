"""What `/metrics` counts. Counted in the process where it happened, after the commit; gauges are in collectors."""

from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Histogram

from routing.signals import TaskChanged

MAX_AGENTS: Final = 500
MAX_CURRENCIES: Final = 10
OTHER: Final = "other"

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

model_tokens_total = Counter(
    "agentx_model_tokens_total",
    "Tokens that models read (direction input) and wrote (output), as agents tell it.",
    ("agent", "plugin", "direction"),
)
model_cost_total = Counter(
    "agentx_model_cost_total",
    "What models cost, as agents tell it, by currency (ISO 4217).",
    ("agent", "plugin", "currency"),
)

_seen: set[str] = set()
_currencies: set[str] = set()


def bounded(agent_slug: str) -> str:
    """The slug as a label; beyond `MAX_AGENTS` names they are counted together, so that labels stay bounded."""
    if agent_slug not in _seen:
        if len(_seen) >= MAX_AGENTS:
            return OTHER
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
    """Count what models were used for, and a task that was closed; the others are on their way."""
    if change.usage:
        _count_usage(change)
    if not change.closed:
        return
    agent = bounded(change.agent_slug)
    _counted(agent, change.door, change.state.lower()).inc()
    if change.seconds is not None:
        _timed(agent).observe(change.seconds)


def _count_usage(change: TaskChanged) -> None:
    agent = bounded(change.agent_slug)
    plugin = change.plugin if agent != OTHER else OTHER
    for used in change.usage:
        model_tokens_total.labels(agent, plugin, "input").inc(used.input_tokens)
        model_tokens_total.labels(agent, plugin, "output").inc(used.output_tokens)
        if used.cost is not None:
            model_cost_total.labels(agent, plugin, _currency(used.currency)).inc(used.cost)


def _currency(told: str) -> str:
    """As a label; beyond `MAX_CURRENCIES` they are counted together."""
    if told not in _currencies and len(_currencies) >= MAX_CURRENCIES:
        return OTHER
    _currencies.add(told)
    return told
