"""What was said to agents and by them."""

from django.utils.translation import gettext as _

from registry.selectors import access_agent
from routing.models import Message, Task
from routing.selectors.tasks import tasks
from security.errors import InvalidInput
from security.principals import Principal


def messages(principal: Principal, agent_ref: str = "", limit: int = 100) -> list[Message]:
    """The newest messages, newest first, with one agent or all; one's own, or everybody's for who may see all.

    An agent that answers with artifacts has said nothing A2A calls a message: its answer stands here as an unsaved
    `Message` made of them. Raises `InvalidInput` for a limit outside 1 to 1000.
    """
    if not 1 <= limit <= 1000:
        raise InvalidInput(_("limit must be from 1 to 1000."), fields={"limit": _("1 to 1000")})
    mine = tasks(principal)
    if agent_ref:
        mine = mine.filter(agent=access_agent(principal, agent_ref))
    said = Message.objects.filter(task__in=mine).select_related("agent")
    rows = list(said.order_by("-created", "-id")[:limit])
    answered = mine.filter(closed__isnull=False).exclude(artifacts=[])
    answers = [_answer(task) for task in answered.order_by("-closed", "-id")[:limit]]
    newest = sorted(rows + answers, key=lambda each: (each.created, each.role != "agent"))
    return newest[: -limit - 1 : -1]


def _answer(task: Task) -> Message:
    parts = [part for artifact in task.artifacts for part in artifact["parts"]]
    message_id = f"artifacts-{task.id}"
    message = {
        "messageId": message_id,
        "contextId": task.context_id,
        "taskId": str(task.id),
        "role": "ROLE_AGENT",
        "parts": parts,
    }
    return Message(
        id=task.id,
        message_id=message_id,
        task=task,
        agent=task.agent,
        owner=task.owner,
        context_id=task.context_id,
        role=Message.Role.AGENT,
        message=message,
        created=task.closed or task.updated,
    )
