"""What an agent elsewhere calls a conversation that goes on with another task."""

from routing.models import Task
from routing.record import Json


def conversation_of(task_id: str) -> Json | None:
    """`{"contextId": …}` as the newest other task of the same caller in the same context has it; None for the first."""
    task = Task.objects.filter(id=task_id).only("agent_id", "owner", "scope", "context_id").first()
    if task is None:
        return None
    same = {"owner": task.owner, "scope": task.scope, "context_id": task.context_id}
    others = Task.objects.filter(agent_id=task.agent_id, **same).exclude(id=task.id)
    known = others.filter(upstream__contextId__isnull=False).order_by("-created")
    context_id = known.values_list("upstream__contextId", flat=True).first()
    return {"contextId": context_id} if context_id else None
