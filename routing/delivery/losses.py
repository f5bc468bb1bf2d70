"""Tasks whose process was lost, taken over by this one."""

import logging

from plugins_app.client.codec import Turn
from routing.delivery.turns import turn_of
from routing.record import Record
from routing.records import known_record
from routing.services import reap_lost_tasks, take_over_lost_tasks
from security.rows import ask

log = logging.getLogger(__name__)


async def taken_over(owner: str) -> list[tuple[Record, Turn]]:
    """What this process is to go on with; what nobody may go on with is failed. Raises `Unavailable`.

    Who dies after this has the lease until it ends; then the next one takes over, as long as the limits allow.
    """
    taken = []
    for task_id in await ask(take_over_lost_tasks, owner):
        record = await ask(known_record, task_id)
        log.warning("task %s is taken over, delivery %d", task_id, record.deliveries)
        taken.append((record, again(record)))
    await ask(reap_lost_tasks)
    return taken


def again(task: Record) -> Turn:
    """The turn that was lost. Where a remote agent has the task, only the rest of its events is wanted."""
    last = max(i for i, each in enumerate(task.history) if each["role"] == "ROLE_USER")
    resumes = bool((task.upstream or {}).get("taskId"))
    said = task.history[:last] + (task.history[last + 1 :] if resumes else [])
    return turn_of(task, task.history[last], said, resumes=resumes)
