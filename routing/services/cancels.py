"""Ask for a task to be canceled, wherever it runs."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from routing.errors import TaskNotCancelable, TaskNotFound
from routing.limits import WITHDRAWN_AT_ONCE
from routing.models import INTERRUPTED, TERMINAL, Task, TaskEvent
from routing.record import Json, now, status_of
from routing.selectors import access_task
from routing.services.endings import closed, tell
from security import audit, news, permissions
from security.principals import Principal


@transaction.atomic
def request_cancel(principal: Principal, task_id: str | UUID, metadata: Json | None = None) -> Task:
    """Ask for a task to be canceled, wherever it runs: one that waits for input ends here and now.

    `metadata`: what the caller says of it; kept in the audit, and in the task's last event when its process hears of it.
    One's own, or anybody's for who holds tasks.cancel_all. Raises `TaskNotFound`, `TaskNotCancelable`.
    """
    task = _locked(principal, task_id)
    if task.state in TERMINAL:
        told = _("The task has ended already: %(state)s.") % {"state": task.get_state_display()}
        raise TaskNotCancelable(told)
    if task.owner != principal.subject or metadata:
        said = {"metadata": metadata} if metadata else None
        before = {"state": task.state}
        audit.record(principal, "task.canceled", "task", str(task.id), before=before, after=said)
    what = {"cancel": [str(task.id)]} | ({"metadata": metadata} if metadata else {})
    news.publish_on_commit("tasks", what)
    if task.state in INTERRUPTED:
        _cancel(task, metadata)
        cancel_children([task.id])
        return task
    task.cancel_requested = timezone.now()
    task.save(update_fields=["cancel_requested"])
    return task


@transaction.atomic
def cancel_children(task_ids: Sequence[str | UUID]) -> int:
    """Ask for what these tasks' turns asked for to be canceled, too: nobody waits for it any more. How many.

    One that waits for input ends here, with what it asked for itself; the run of any other sees to its own.
    """
    asked_by = [UUID(str(task_id)) for task_id in task_ids]
    found = Task.objects.filter(parent__in=asked_by, closed__isnull=True).order_by("id")
    open_tasks = list(found.select_for_update(of=("self",)).select_related("agent"))
    waiting = [task for task in open_tasks if task.state in INTERRUPTED]
    running = [str(task.id) for task in open_tasks if task.state not in INTERRUPTED]
    for task in waiting:
        _cancel(task, None)
    if waiting:
        cancel_children([task.id for task in waiting])
    if open_tasks:
        Task.objects.filter(id__in=running).update(cancel_requested=timezone.now())
        news.publish_on_commit("tasks", {"cancel": [str(task.id) for task in open_tasks]})
    return len(open_tasks)


@transaction.atomic
def withdrawn() -> list[tuple[str, int, Json, str]]:
    """What agents elsewhere still wait with though it was canceled: the upstream and its revision, the ids there, the
    request's id. Each is given out once, to one process.
    """
    found = Task.objects.filter(closed__isnull=False, cancel_requested__isnull=False)
    rows = found.select_for_update(skip_locked=True, of=("self",)).order_by("cancel_requested")
    columns = ("id", "agent__upstream__id", "agent__upstream__revision", "upstream", "request_id")
    claimed = list(rows.values_list(*columns)[:WITHDRAWN_AT_ONCE])
    Task.objects.filter(id__in=[row[0] for row in claimed]).update(cancel_requested=None)
    return [(str(row[1]), row[2], row[3], row[4]) for row in claimed if row[1] and row[3]]


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


def _cancel(task: Task, metadata: Json | None) -> None:
    moment = now()
    payload = status_of("CANCELED", moment) | ({"metadata": metadata} if metadata else {})
    task.state, task.status = "CANCELED", status_of("CANCELED", moment)
    task.seq, task.reason, task.updated, task.closed = task.seq + 1, "canceled", moment, moment
    task.cancel_requested = moment if task.upstream else None  # an agent elsewhere is to be told
    fields = ["state", "status", "seq", "reason", "updated", "closed", "cancel_requested"]
    task.save(update_fields=fields)
    TaskEvent.objects.create(
        task=task, seq=task.seq, kind=TaskEvent.Kind.STATUS, payload=payload, time=moment
    )
    told = closed(str(task.id), task.agent.slug, task.door, task.state, task.created, moment)
    transaction.on_commit(lambda: tell([told]))
