"""What must hold after everything, read from the rows, and what the processes hold."""

import contextlib
from collections.abc import Iterable
from typing import Any, Final

import psutil

from benchmarks.soak.place import Place

TERMINAL: Final = "'COMPLETED', 'FAILED', 'CANCELED', 'REJECTED'"
# Each tells what is wrong: no rows, nothing is.
STATEMENTS: Final = {
    "event numbers have holes or do not end at the task's": """
        SELECT t.id::text, t.seq, count(e.*), max(e.seq) FROM routing_task t LEFT JOIN routing_taskevent e ON e.task_id = t.id
        GROUP BY t.id HAVING count(e.*) <> t.seq OR max(e.seq) <> t.seq OR min(e.seq) <> 1""",
    "a task has not one end, or something after it": f"""
        SELECT t.id::text, t.state, count(e.*), max(e.seq), t.seq FROM routing_task t
        LEFT JOIN routing_taskevent e ON e.task_id = t.id AND e.kind = 'status'
            AND substr(e.payload ->> 'state', 12) IN ({TERMINAL})
        WHERE t.state IN ({TERMINAL}) GROUP BY t.id HAVING count(e.*) <> 1 OR max(e.seq) <> t.seq
        UNION ALL
        SELECT t.id::text, t.state, 1, e.seq, t.seq FROM routing_task t JOIN routing_taskevent e ON e.task_id = t.id
            AND e.kind = 'status' AND substr(e.payload ->> 'state', 12) IN ({TERMINAL})
        WHERE t.state NOT IN ({TERMINAL})""",
    "a task's last status is not its last status event": """
        SELECT t.id::text, t.state, e.payload ->> 'state' FROM routing_task t JOIN LATERAL (
            SELECT payload FROM routing_taskevent WHERE task_id = t.id AND kind = 'status' ORDER BY seq DESC LIMIT 1) e ON true
        WHERE substr(e.payload ->> 'state', 12) <> t.state""",
    "a task is at work though nobody runs it": """
        SELECT id::text, state, lease_owner, now() - lease_until FROM routing_task
        WHERE state IN ('SUBMITTED', 'WORKING') AND lease_until < now() - interval '10 seconds'""",
    "a webhook was told less than there is": """
        SELECT c.id::text, c.delivered_seq, t.seq, c.attempts, c.due - now(), c.is_failing FROM routing_pushconfig c
        JOIN routing_task t ON t.id = c.task_id WHERE c.ended IS NULL AND c.delivered_seq < t.seq""",
}
UNFINISHED: Final = "SELECT count(*) FROM routing_task WHERE state IN ('SUBMITTED', 'WORKING')"
REASONS: Final = "SELECT state, reason, count(*) FROM routing_task GROUP BY 1, 2 ORDER BY 3 DESC"
MISSING: Final = "SELECT w FROM unnest(%s::text[]) w LEFT JOIN routing_task t ON t.id = w::uuid WHERE t.id IS NULL"


def broken(place: Place, acknowledged: Iterable[str]) -> list[str]:
    """One line for everything that is not as it must be."""
    found = []
    for told, statement in STATEMENTS.items():
        rows = place.rows(statement)
        found += [f"{told}: {row}" for row in rows[:5]]
    for (task,) in place.rows(MISSING, list(acknowledged)):
        found.append(f"the acknowledged task {task} is not there")
    return found


def unordered(heard: dict[str, list[int]], hooked: dict[str, str], place: Place) -> list[str]:
    """Webhooks that missed an event, or heard one before an earlier one that they had not heard."""
    found = []
    for task, name in hooked.items():
        numbers = heard.get(name, [])
        first = list(dict.fromkeys(numbers))
        if first != sorted(first):
            found.append(f"the webhook of {task} heard {numbers}")
        if not first or first[-1] != (
            last := place.rows("SELECT seq FROM routing_task WHERE id = %s", task)[0][0]
        ):
            found.append(f"the webhook of {task} heard {numbers} of 1 to {last if first else '?'}")
    return found


def figures(place: Place) -> dict[str, dict[str, Any]]:
    """Of each process: memory, descriptors, threads; and the database's connections."""
    told: dict[str, dict[str, Any]] = {}
    for name, process in sorted(place.processes().items()):
        with contextlib.suppress(psutil.Error):
            told[name] = {
                "pid": process.pid,
                "rss": process.memory_info().rss,
                "fds": process.num_fds(),
                "threads": process.num_threads(),
            }
    rows = place.rows(
        "SELECT coalesce(application_name, ''), state, count(*) FROM pg_stat_activity WHERE datname IS NOT NULL GROUP BY 1, 2"
    )
    told["connections"] = {f"{name} {state}": count for name, state, count in rows}
    return told
