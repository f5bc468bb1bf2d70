"""The methods of A2A 0.3 and 0.2 over JSON-RPC: their params and results, to 1.0's and back. Pure."""

from collections.abc import Callable
from typing import Any, Final

from routing.dialects import cards
from routing.dialects.v03_objects import (
    Json,
    message_from_1_0,
    message_to_1_0,
    response_to_1_0,
    task_from_1_0,
    task_to_1_0,
    without,
)

METHODS: Final = {
    "message/send": "SendMessage",
    "message/stream": "SendStreamingMessage",
    "tasks/get": "GetTask",
    "tasks/cancel": "CancelTask",
    "tasks/resubscribe": "SubscribeToTask",
    "tasks/pushNotificationConfig/set": "CreateTaskPushNotificationConfig",
    "tasks/pushNotificationConfig/get": "GetTaskPushNotificationConfig",
    "tasks/pushNotificationConfig/list": "ListTaskPushNotificationConfigs",
    "tasks/pushNotificationConfig/delete": "DeleteTaskPushNotificationConfig",
    "agent/getAuthenticatedExtendedCard": "GetExtendedAgentCard",
}
# ListTasks is not among them: 0.3 has none.
OLD_METHODS: Final = {verb: method for method, verb in METHODS.items()}
ERROR_CODES: Final = frozenset({-32700, *range(-32603, -32599), *range(-32007, -32000)})
INTERNAL: Final = -32603


def error_code(code: int) -> int:
    """0.3 knows few errors; the others are internal ones to it."""
    return code if code in ERROR_CODES else INTERNAL


# ---- For a server: what an old client asks, and what it is told.


def request_to_1_0(method: str, params: Json) -> Json:
    """The 1.0 parameters of a 0.3 call. `method` is one of METHODS."""
    convert = REQUESTS_TO_1_0.get(METHODS[method])
    return convert(params) if convert else params


def result_from_1_0(method: str, result: Any) -> Any:
    """The 0.3 result of a 1.0 one. Events of streams: `v03_objects.response_from_1_0`."""
    return RESULTS_FROM_1_0[METHODS[method]](result)


def _send_to_1_0(params: Json) -> Json:
    told = {**params, "message": message_to_1_0(params.get("message"))}
    configuration = params.get("configuration")
    if isinstance(configuration, dict):
        told["configuration"] = _configuration_to_1_0(configuration)
    return told


def _configuration_to_1_0(configuration: Json) -> Json:
    told = _length_to_1_0(without(configuration, "blocking", "pushNotificationConfig"))
    if configuration.get("blocking") is False:
        told["returnImmediately"] = True
    if configuration.get("pushNotificationConfig") is not None:
        told["taskPushNotificationConfig"] = push_to_1_0(configuration["pushNotificationConfig"])
    return told


def _length_to_1_0(params: Json) -> Json:
    """0.3 means everything by a historyLength of 0."""
    return without(params, "historyLength") if params.get("historyLength") == 0 else params


def push_to_1_0(config: Any) -> Any:
    """A 0.3 PushNotificationConfig as a 1.0 TaskPushNotificationConfig without its task."""
    if not isinstance(config, dict):
        return config
    told = without(config, "authentication")
    authentication = config.get("authentication")
    if isinstance(authentication, dict):
        schemes = authentication.get("schemes")
        first = schemes[0] if isinstance(schemes, list) and schemes else None
        told["authentication"] = without(authentication, "schemes") | {"scheme": first}
    elif authentication is not None:
        told["authentication"] = authentication
    return told


def _create_push_to_1_0(params: Json) -> Json:
    config = push_to_1_0(params.get("pushNotificationConfig"))
    told = config if isinstance(config, dict) else {}
    return told | {"taskId": params.get("taskId"), **_tenant(params)}


def _one_push_to_1_0(params: Json) -> Json:
    config_id = params.get("pushNotificationConfigId")
    return {"taskId": params.get("id"), "id": config_id, **_tenant(params)}


def _pushes_to_1_0(params: Json) -> Json:
    return {"taskId": params.get("id"), **_tenant(params)}


def _tenant(params: Json) -> Json:
    return {"tenant": params["tenant"]} if "tenant" in params else {}


def push_from_1_0(config: Json) -> Json:
    """A 1.0 TaskPushNotificationConfig as 0.3's, which has the task beside it."""
    told = without(config, "taskId", "tenant", "authentication")
    if authentication := config.get("authentication"):
        scheme = authentication.get("scheme")
        old = without(authentication, "scheme") | {"schemes": [scheme] if scheme else []}
        told["authentication"] = old
    return {"taskId": config.get("taskId", ""), "pushNotificationConfig": told}


def _sent_from_1_0(result: Json) -> Json:
    if "message" in result:
        return message_from_1_0(result["message"])
    return task_from_1_0(result["task"])


REQUESTS_TO_1_0: Final[dict[str, Callable[[Json], Json]]] = {
    "SendMessage": _send_to_1_0,
    "SendStreamingMessage": _send_to_1_0,
    "GetTask": _length_to_1_0,
    "CreateTaskPushNotificationConfig": _create_push_to_1_0,
    "GetTaskPushNotificationConfig": _one_push_to_1_0,
    "ListTaskPushNotificationConfigs": _pushes_to_1_0,
    "DeleteTaskPushNotificationConfig": _one_push_to_1_0,
}
RESULTS_FROM_1_0: Final[dict[str, Callable[[Any], Any]]] = {
    "SendMessage": _sent_from_1_0,
    "GetTask": task_from_1_0,
    "CancelTask": task_from_1_0,
    "CreateTaskPushNotificationConfig": push_from_1_0,
    "GetTaskPushNotificationConfig": push_from_1_0,
    "ListTaskPushNotificationConfigs": lambda result: list(map(push_from_1_0, result["configs"])),
    "DeleteTaskPushNotificationConfig": lambda result: None,
    "GetExtendedAgentCard": cards.card_from_1_0,
}


# ---- For a client: what an old server is asked, and what it tells.


def request_from_1_0(verb: str, params: Json) -> Json:
    """The 0.3 params of a 1.0 request to send; the method is OLD_METHODS[verb]."""
    if verb in ("SendMessage", "SendStreamingMessage"):
        return _send_from_1_0(params)
    if verb == "CreateTaskPushNotificationConfig":
        return push_from_1_0(params)
    if verb in ("GetTaskPushNotificationConfig", "DeleteTaskPushNotificationConfig"):
        return {"id": params.get("taskId"), "pushNotificationConfigId": params.get("id")}
    if verb == "ListTaskPushNotificationConfigs":
        return {"id": params.get("taskId")}
    return without(params, "tenant")


def _send_from_1_0(params: Json) -> Json:
    told = without(params, "tenant") | {"message": message_from_1_0(params["message"])}
    if configuration := params.get("configuration"):
        old = without(configuration, "returnImmediately", "taskPushNotificationConfig")
        old["blocking"] = not configuration.get("returnImmediately")
        if push := configuration.get("taskPushNotificationConfig"):
            old["pushNotificationConfig"] = push_from_1_0(push)["pushNotificationConfig"]
        told["configuration"] = old
    return told


def result_to_1_0(verb: str, result: Any) -> Any:
    """The 1.0 result of what a 0.3 server answered to this verb."""
    match verb:
        case "SendMessage":
            return response_to_1_0({"kind": "task", **result})
        case "GetTask" | "CancelTask":
            return task_to_1_0(result)
        case "CreateTaskPushNotificationConfig" | "GetTaskPushNotificationConfig":
            return _create_push_to_1_0(result)
        case "ListTaskPushNotificationConfigs":
            return {"configs": list(map(_create_push_to_1_0, result))}
        case "GetExtendedAgentCard":
            return cards.card_to_1_0(result)
    return result
