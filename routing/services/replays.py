"""Try again what was given up."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from routing.models import PushDelivery, Task
from routing.selectors import access_task, tasks
from security import audit, news, permissions
from security.errors import Conflict, NotFound
from security.principals import Principal


@transaction.atomic
def replay_delivery(principal: Principal, delivery_id: UUID) -> PushDelivery:
    """Tell it once more, whatever its turn: one attempt, which ends delivered or dead.

    Of one's own task, or of anybody's for who holds tasks.cancel_all. Raises `NotFound`, `Conflict`.
    """
    delivery = _locked(principal, delivery_id)
    if delivery.state == PushDelivery.State.PENDING:
        raise Conflict(_("This delivery is still being tried."))
    delivery.state = PushDelivery.State.PENDING
    delivery.replay_due = Now()
    delivery.save(update_fields=["state", "replay_due"])
    audit.record(principal, "push.replayed", "task", str(delivery.config.task_id))
    news.publish_on_commit("push")
    return delivery


def _locked(principal: Principal, delivery_id: UUID) -> PushDelivery:
    rows = PushDelivery.objects.select_for_update(of=("self",)).select_related("config")
    delivery = rows.filter(id=delivery_id).first()
    visible = tasks(principal)  # a stranger must not learn whether there is one
    task = visible.filter(id=delivery.config.task_id).first() if delivery else None
    if delivery is None or task is None:
        raise NotFound(_("There is no delivery %(id)s.") % {"id": delivery_id})
    _require_own(principal, task)
    return delivery


@transaction.atomic
def replay_dead(principal: Principal, task_id: UUID) -> int:
    """All dead letters of a task. How many. Raises `TaskNotFound`."""
    task = access_task(principal, task_id)
    _require_own(principal, task)
    dead = PushDelivery.objects.filter(config__task=task, state=PushDelivery.State.DEAD)
    count = dead.update(state=PushDelivery.State.PENDING, replay_due=Now())
    if count:
        audit.record(principal, "push.replayed", "task", str(task.id), after={"deliveries": count})
        news.publish_on_commit("push")
    return count


def _require_own(principal: Principal, task: Task) -> None:
    if task.owner != principal.subject or principal.is_anonymous:
        principal.require(permissions.TASKS_CANCEL_ALL)
