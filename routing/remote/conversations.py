"""What an agent elsewhere calls a conversation that goes on with another task."""

from django.db.models import F, OuterRef

from routing.models import Task
from routing.record import Json


def conversation_of(task_id: str) -> Json | None:
    """`{"contextId": …}` as the newest other task of the same caller in the same context has it; None for the first."""
    same = ("agent_id", "owner", "scope", "context_id")
    others = Task.objects.filter(
        upstream__contextId__isnull=False, **{name: OuterRef(name) for name in same}
    ).exclude(id=OuterRef("id"))
    newest = others.order_by("-created").values("upstream__contextId")[:1]
    found = Task.objects.filter(id=task_id).annotate(theirs=newest)
    context_id = found.values_list(F("theirs"), flat=True).first()
    return {"contextId": context_id} if context_id else None
