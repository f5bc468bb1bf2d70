"""What a webhook is sent: one event of a task as an HTTP request, in the shape that its caller speaks."""

from dataclasses import dataclass
from typing import Final

import orjson
from django.conf import settings
from uuid_utils import uuid7

from routing.dialects.v03_objects import task_from_1_0
from routing.models import Message, PushConfig, Task, TaskEvent
from routing.record import STATUS_KEYS, Event, Json, Kind, Record, stream_response
from routing.selectors.records import known_record
from routing.services import outbox
from routing.services.claims import Errand
from routing.services.outbox import Outcome, Patience
from routing.services.pushes import OLDER
from security.crypto import SealBroken, unseal

A2A_JSON: Final = "application/a2a+json"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event for one webhook. `refused` says why it must not be sent at all."""

    seq: int
    url: str
    headers: dict[str, str]
    body: bytes
    refused: str = ""


def next_parcel(errand: Errand) -> Parcel | None:
    """The next one that is for webhooks; None when there is none, or the errand is no longer ours."""
    while (found := outbox.next_event(errand)) is not None:
        config, event = found
        told = _told(config, event)
        if told is not None:
            return _parcel(config, event, told)
        if not outbox.pass_over(errand, event.seq):
            break
    return None


def parcel_after(errand: Errand, seq: int, outcome: Outcome, patience: Patience) -> Parcel | None:
    """Note how an attempt went; the next parcel, when there is one that may go now."""
    return next_parcel(errand) if outbox.note(errand, seq, outcome, patience) else None


def _told(config: PushConfig, event: TaskEvent) -> Json | None:
    """A2A StreamResponse, for 0.3 its Task as it is now; None for what is not told."""
    task = config.task
    if task.is_direct:
        # No task was promised: all there is to tell is the answer.
        said = event.payload.get("message") if event.kind == "status" else None
        return {"message": said} if said else None
    if event.kind == TaskEvent.Kind.MESSAGE:
        return None
    if config.dialect == OLDER:
        told: Json = task_from_1_0(known_record(str(task.id)).a2a())
        return told
    if event.seq == 1:
        return {"task": _opened(task, event)}
    return stream_response(_shell(task), Event(event.seq, _kind(event), event.payload))


def _opened(task: Task, event: TaskEvent) -> Json:
    """The task as it was when it was opened, as streams begin with it."""
    status = {key: event.payload[key] for key in STATUS_KEYS if key in event.payload}
    told: Json = {"id": str(task.id), "contextId": task.context_id, "status": status}
    asked = Message.objects.filter(task=task, role=Message.Role.USER).order_by("created", "id")
    if (first := asked.values_list("message", flat=True).first()) is not None:
        told["history"] = [first]
    if task.metadata:
        told["metadata"] = task.metadata
    return told


def _shell(task: Task) -> Record:
    """Enough of the task to tell an event of it."""
    return Record(
        id=str(task.id),
        agent_id=str(task.agent_id),
        agent_slug="",
        owner=task.owner,
        context_id=task.context_id,
        state=task.state,
        status={},
        updated=task.updated,
        opened=task.created,
    )


def _kind(event: TaskEvent) -> Kind:
    return "artifact" if event.kind == TaskEvent.Kind.ARTIFACT else "status"


def _parcel(config: PushConfig, event: TaskEvent, told: Json) -> Parcel:
    try:
        headers, why = _headers(config, event), ""
    except SealBroken as broken:
        headers, why = {}, str(broken)
    return Parcel(event.seq, config.url, headers, orjson.dumps(told), why)


def _headers(config: PushConfig, event: TaskEvent) -> dict[str, str]:
    headers = {
        "Content-Type": JSON if config.dialect == OLDER else A2A_JSON,
        "User-Agent": f"AgentX/{settings.VERSION}",
        "A2A-Version": config.dialect,
        "X-Request-Id": config.task.request_id or str(uuid7()),
        # The same event has the same number, however often it is told.
        "AgentX-Event": f"{config.task_id}/{event.seq}",
        "AgentX-Attempt": str(config.attempts + 1),
    }
    if token := unseal(config.sealed_token):
        headers["X-A2A-Notification-Token"] = token
    if credentials := unseal(config.sealed_credentials):
        headers["Authorization"] = f"{config.scheme} {credentials}"
    return headers
