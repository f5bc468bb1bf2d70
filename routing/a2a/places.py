"""Which operation an address below `/a2a/{agent}/` stands for, in 1.0's HTTP+JSON and in 0.3's. Pure.

Segments come percent-decoded, one by one: an id may hold a slash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from routing.dialects.v03_proto import name_of

# Method -> operation. In 1.0 the protobuf says GET for :subscribe and the specification's text POST: both are served.
SEND: Final = {"POST": "SendMessage"}
STREAM: Final = {"POST": "SendStreamingMessage"}
LIST: Final = {"GET": "ListTasks"}
GET: Final = {"GET": "GetTask"}
CARD: Final = {"GET": "GetExtendedAgentCard"}
ACTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "cancel": {"POST": "CancelTask"},
    "subscribe": {"GET": "SubscribeToTask", "POST": "SubscribeToTask"},
}
PUSHES: Final = {
    "GET": "ListTaskPushNotificationConfigs",
    "POST": "CreateTaskPushNotificationConfig",
}
PUSH: Final = {
    "GET": "GetTaskPushNotificationConfig",
    "DELETE": "DeleteTaskPushNotificationConfig",
}


@dataclass(frozen=True, slots=True)
class Place:
    """`ids`: the parameters that the address tells. `tenant`: empty when it names none."""

    verbs: Mapping[str, str]
    ids: Mapping[str, str] = field(default_factory=dict)
    tenant: str = ""
    is_old: bool = False


def place_of(segments: Sequence[str]) -> Place | None:
    """None: there is nothing at this address. A slash at its end makes no difference."""
    match list(segments):
        case [*inner, ""]:
            return place_of(inner) if inner else None
        case ["v1", *inner]:
            return _old(inner)
        case ["agent", "authenticatedExtendedCard"]:  # 0.2
            return Place(CARD, is_old=True)
        case [tenant, *inner]:
            if place := _new(segments):
                return place
            inside = _new(inner)
            return replace(inside, tenant=tenant) if inside and tenant else None
    return None


def _new(segments: Sequence[str]) -> Place | None:
    match list(segments):
        case ["message:send"]:
            return Place(SEND)
        case ["message:stream"]:
            return Place(STREAM)
        case ["tasks"]:
            return Place(LIST)
        case ["extendedAgentCard"]:
            return Place(CARD)
        case ["tasks", last] if last:
            task_id, verbs = _task(last)
            return Place(verbs, {"id": task_id})
        case ["tasks", task_id, "pushNotificationConfigs"] if task_id:
            return Place(PUSHES, {"taskId": task_id})
        case ["tasks", task_id, "pushNotificationConfigs", config_id] if task_id and config_id:
            return Place(PUSH, {"taskId": task_id, "id": config_id})
    return None


def _old(segments: Sequence[str]) -> Place | None:
    """0.3's requests name their task as a resource."""
    match list(segments):
        case ["card"]:
            return Place(CARD, is_old=True)
        case ["tasks"]:  # 0.3 has no ListTasks
            return None
    place = _new(segments)
    if place is None or place.verbs is CARD:
        return None
    if place.verbs is PUSHES:
        return replace(place, ids={"parent": name_of(place.ids["taskId"])}, is_old=True)
    if place.verbs is PUSH:
        name = name_of(place.ids["taskId"], place.ids["id"])
        return replace(place, ids={"name": name}, is_old=True)
    ids = {"name": name_of(place.ids["id"])} if place.ids else {}
    return replace(place, ids=ids, is_old=True)


def _task(last: str) -> tuple[str, Mapping[str, str]]:
    task_id, _, action = last.rpartition(":")
    if task_id and action in ACTIONS:
        return task_id, ACTIONS[action]
    return last, GET
