"""Webhooks, and what became of telling them, for the console, the API and the command line."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from routing.models import PushConfig, PushDelivery, Task
from routing.selectors.tasks import tasks
from security.errors import NotFound
from security.principals import Principal


def push_configs(principal: Principal, task: UUID | None = None) -> QuerySet[PushConfig]:
    """Of the tasks that the caller may see, each with `dead`, how many of its deliveries were given up."""
    found = PushConfig.objects.filter(task__in=tasks(principal)).select_related("task__agent")
    found = found.annotate(dead=Count("deliveries", filter=Q(deliveries__state="dead")))
    return found.filter(task=task) if task else found


def push_deliveries(
    principal: Principal, *, task: UUID | None = None, state: str = ""
) -> QuerySet[PushDelivery]:
    """Of the tasks that the caller may see, the last tried first. `state`: pending, delivered or dead."""
    found = PushDelivery.objects.filter(config__task__in=tasks(principal))
    found = found.select_related("config__task__agent").order_by("-updated", "-id")
    if task:
        found = found.filter(config__task=task)
    return found.filter(state=state) if state else found


def push_deliveries_of(task: Task) -> QuerySet[PushDelivery]:
    """Of a task that its reader has already got, in the order of its events."""
    found = PushDelivery.objects.filter(config__task=task).select_related("config")
    return found.order_by("seq", "id")


def access_push_delivery(principal: Principal, delivery_id: UUID) -> PushDelivery:
    """Raises `NotFound` also for one of somebody else's task."""
    found = push_deliveries(principal).filter(id=delivery_id).first()
    if found is None:
        raise NotFound(_("There is no delivery %(id)s.") % {"id": delivery_id})
    return found
