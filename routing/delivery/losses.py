"""Tasks whose process was lost, taken over by this one."""

import logging

from django.db import transaction

from plugins_app.client.codec import Turn
from routing.delivery.turns import turn_of
from routing.record import Record
from routing.selectors.records import known_record
from routing.services import take_over_lost_tasks
from security.rows import ask

log = logging.getLogger(__name__)


async def taken_over(owner: str) -> list[tuple[Record, Turn]]:
    """What this process is to go on with. Raises `Unavailable`.

    Who dies after this has the lease until it ends; then the next one takes over, as long as the limits allow.
    """
    taken = []
    for record in await ask(_claimed, owner):
        log.warning("task %s is taken over, delivery %d", record.id, record.deliveries)
        taken.append((record, again(record)))
    return taken


@transaction.atomic
def _claimed(owner: str) -> list[Record]:
    """All or nothing: a claim that nobody learns of would cost the task one of its deliveries."""
    return [known_record(task_id) for task_id in take_over_lost_tasks(owner)]


def again(task: Record) -> Turn:
    """The turn that was lost. Where a remote agent has the task, only the rest of its events is wanted."""
    last = max(i for i, each in enumerate(task.history) if each["role"] == "ROLE_USER")
    resumes = bool((task.upstream or {}).get("taskId"))
    said = task.history[:last] + (task.history[last + 1 :] if resumes else [])
    return turn_of(task, task.history[last], said, resumes=resumes)
