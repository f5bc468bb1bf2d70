"""News of tasks that ended outside a run. Told after commit."""

from datetime import datetime

from routing import signals
from routing.models import Task
from routing.signals import TaskChanged
from security import news


def closed(
    task_id: str, slug: str, door: str, state: str, created: datetime, moment: datetime
) -> TaskChanged:
    """That a task has ended at this moment."""
    seconds = (moment - created).total_seconds()
    return TaskChanged(task_id, slug, door, state, closed=True, seconds=seconds)


def tell(changes: list[TaskChanged]) -> None:
    """To who counts, and to the processes whose streams follow these tasks."""
    signals.tasks_changed.send_robust(sender=Task, changes=changes)
    news.publish("tasks", {"changed": [change.task_id for change in changes]})
