"""Deeds on tasks from outside their run: ask for a cancel, end what was lost."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from routing import signals
from routing.errors import TaskNotCancelable, TaskNotFound
from routing.models import INTERRUPTED, TERMINAL, Task, TaskEvent
from routing.record import now, status_of, timestamp
from routing.selectors import access_task
from routing.signals import TaskChanged
from security import audit, news, permissions
from security.principals import Principal

LOST: Final = "The process that ran this task was lost."

# Only what is still running and still without a lease at that moment; its number, event and end in one statement.
REAP: Final = """
WITH lost AS (
    SELECT id FROM routing_task
    WHERE closed IS NULL AND state IN ('SUBMITTED', 'WORKING') AND lease_until < now()
    ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED
), ended AS (
    UPDATE routing_task t
    SET state = 'FAILED', reason = 'lease_lost', seq = t.seq + 1, lease_owner = '', lease_until = NULL,
        cancel_requested = NULL, updated = %(time)s, closed = %(time)s,
        status = jsonb_build_object('state', 'TASK_STATE_FAILED', 'timestamp', %(timestamp)s::text,
            'message', jsonb_build_object('messageId', t.id::text || '-' || (t.seq + 1), 'role', 'ROLE_AGENT',
                'taskId', t.id::text, 'contextId', t.context_id,
                'parts', jsonb_build_array(jsonb_build_object('text', %(text)s::text))))
    FROM lost WHERE t.id = lost.id
    RETURNING t.id, t.agent_id, t.seq, t.status, t.door, t.created
), event AS (
    INSERT INTO routing_taskevent (id, task_id, seq, kind, payload, time)
    SELECT gen_random_uuid(), id, seq, 'status', status, %(time)s FROM ended
)
SELECT e.id::text, a.slug, e.door, e.created FROM ended e JOIN registry_agent a ON a.id = e.agent_id
"""


@transaction.atomic
def request_cancel(principal: Principal, task_id: str | UUID) -> Task:
    """Ask for a task to be canceled, wherever it runs: one that waits for input ends here and now.

    One's own, or anybody's for who holds tasks.cancel_all. Raises `TaskNotFound`, `TaskNotCancelable`.
    """
    task = _locked(principal, task_id)
    if task.state in TERMINAL:
        told = _("The task has ended already: %(state)s.") % {"state": task.get_state_display()}
        raise TaskNotCancelable(told)
    if task.owner != principal.subject:
        audit.record(principal, "task.canceled", "task", str(task.id), before={"state": task.state})
    if task.state in INTERRUPTED:
        _cancel(task)
        return task
    task.cancel_requested = timezone.now()
    task.save(update_fields=["cancel_requested"])
    news.publish_on_commit("tasks", {"cancel": [str(task.id)]})
    return task


def _locked(principal: Principal, task_id: str | UUID) -> Task:
    if principal.is_anonymous:
        # Nobody else may know the id of an anonymous caller's task: knowing it is the right to it.
        found = Task.objects.filter(owner=principal.subject, id=task_id).first()
        if found is None:
            raise TaskNotFound(_("There is no task %(id)s.") % {"id": task_id})
    else:
        found = access_task(principal, task_id)
    if found.owner != principal.subject:
        principal.require(permissions.TASKS_CANCEL_ALL)
    locked = Task.objects.select_for_update(of=("self",)).select_related("agent")
    return locked.get(id=found.id)


def _cancel(task: Task) -> None:
    moment = now()
    task.state, task.status = "CANCELED", status_of("CANCELED", moment)
    task.seq, task.reason, task.updated, task.closed = task.seq + 1, "canceled", moment, moment
    task.save(update_fields=["state", "status", "seq", "reason", "updated", "closed"])
    TaskEvent.objects.create(
        task=task, seq=task.seq, kind=TaskEvent.Kind.STATUS, payload=task.status, time=moment
    )
    told = _closed(str(task.id), task.agent.slug, task.door, task.state, task.created, moment)
    transaction.on_commit(lambda: _tell([told]))


def reap_lost_tasks() -> int:
    """End the tasks whose runner did not renew its lease: FAILED, with a reason and an event. How many."""
    moment = now()
    parameters: dict[str, str | datetime] = {
        "time": moment,
        "timestamp": timestamp(moment),
        "text": LOST,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REAP, parameters)
        rows = cursor.fetchall()
        told = [
            _closed(task_id, slug, door, "FAILED", created, moment)
            for task_id, slug, door, created in rows
        ]
        if told:
            transaction.on_commit(lambda: _tell(told))
    return len(rows)


def _closed(
    task_id: str, slug: str, door: str, state: str, created: datetime, moment: datetime
) -> TaskChanged:
    seconds = (moment - created).total_seconds()
    return TaskChanged(task_id, slug, door, state, closed=True, seconds=seconds)


def _tell(changes: list[TaskChanged]) -> None:
    signals.tasks_changed.send_robust(sender=Task, changes=changes)
    news.publish("tasks", {"changed": [change.task_id for change in changes]})
