"""Questions about what agents remember of conversations: how much and since when, never what."""

from django.db.models import QuerySet
from django.db.models.functions import Length

from registry.selectors import access_agent
from routing.models import ConversationMemory, Task
from security import permissions
from security.principals import Principal


def memories(principal: Principal, ref: str) -> QuerySet[ConversationMemory]:
    """Of an agent's conversations: one's own, everybody's for who may see all tasks. Each with its `size` in bytes."""
    agent = access_agent(principal, ref)
    found = _sized().filter(agent=agent).order_by("-updated", "-id")
    if principal.may(permissions.TASKS_VIEW_ALL):
        return found
    principal.require(permissions.AGENTS_CALL)
    return found.filter(owner=principal.subject)


def memory_of(task: Task) -> ConversationMemory | None:
    """Of the conversation of a task that the caller may see. With its `size` in bytes."""
    same = {"owner": task.owner, "scope": task.scope, "context_id": task.context_id}
    return _sized().filter(agent_id=task.agent_id, **same).first()


def _sized() -> QuerySet[ConversationMemory]:
    return ConversationMemory.objects.annotate(size=Length("value")).defer("value")
