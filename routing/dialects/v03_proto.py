"""The requests and answers of A2A 0.3 in ProtoJSON (package a2a.v1), of REST under /v1 and of gRPC. Pure."""

import re
from collections.abc import Set
from typing import Any, Final

from routing.dialects.v03 import push_from_1_0 as old_push_from_1_0
from routing.dialects.v03 import push_to_1_0
from routing.dialects.v03_objects import OLD_STATES, TERMINAL, Json, without
from routing.dialects.v03_proto_objects import (
    artifact_from_1_0,
    artifact_to_1_0,
    either,
    message_from_1_0,
    message_to_1_0,
    status_from_1_0,
    status_to_1_0,
    task_from_1_0,
    task_to_1_0,
)

NAME: Final = re.compile(r"tasks/([^/]+)(?:/pushNotificationConfigs/([^/]+))?")


def name_of(task_id: str, config_id: str | None = None) -> str:
    """The resource name of a task, or of one of its push notification configs."""
    name = f"tasks/{task_id}"
    return f"{name}/pushNotificationConfigs/{config_id}" if config_id is not None else name


def _ids(name: Any) -> tuple[str, str]:
    match = NAME.fullmatch(name) if isinstance(name, str) else None
    return (match[1], match[2] or "") if match else ("", "")


# ---- For a server


def request_to_1_0(verb: str, given: Json, *, twice: bool = False) -> Json:
    """The 1.0 parameters of a request message of a2a.v1, whose `name` or `parent` tells the task."""
    match verb:
        case "SendMessage" | "SendStreamingMessage":
            return _send_to_1_0(given, twice)
        case "GetTask" | "CancelTask" | "SubscribeToTask":
            told = {"id": _ids(given.get("name"))[0], **without(given, "name")}
            length = either(given, "historyLength", "history_length")
            return without(told, "historyLength", "history_length") if length in (0, "0") else told
        case "GetTaskPushNotificationConfig" | "DeleteTaskPushNotificationConfig":
            task_id, config_id = _ids(given.get("name"))
            return {"taskId": task_id, "id": config_id}
        case "ListTaskPushNotificationConfigs":
            return {"taskId": _ids(given.get("parent"))[0], **without(given, "parent")}
        case "CreateTaskPushNotificationConfig":
            return _create_push_to_1_0(given)
    return given


def result_from_1_0(verb: str, result: Any, *, twice: bool = False) -> Json:
    """The a2a.v1 message of a 1.0 result; the card of GetExtendedAgentCard: `cards.card_from_1_0`."""
    match verb:
        case "SendMessage":
            return response_from_1_0(result, twice=twice)
        case "GetTask" | "CancelTask":
            return task_from_1_0(result, twice=twice)
        case "CreateTaskPushNotificationConfig" | "GetTaskPushNotificationConfig":
            return push_from_1_0(result)
        case "ListTaskPushNotificationConfigs":
            told: Json = {"configs": [push_from_1_0(config) for config in result["configs"]]}
            if token := result.get("nextPageToken"):
                told["nextPageToken"] = token
            return told
    return {}


def response_from_1_0(response: Json, final: Set[str] = TERMINAL, *, twice: bool = False) -> Json:
    """A StreamResponse (or SendMessageResponse). `final`: 0.3's names of the states that end the stream."""
    if "task" in response:
        return {"task": task_from_1_0(response["task"], twice=twice)}
    if "message" in response:
        return {"message": message_from_1_0(response["message"], twice=twice)}
    if update := response.get("artifactUpdate"):
        artifact = artifact_from_1_0(update["artifact"], twice=twice)
        return {"artifactUpdate": {**update, "artifact": artifact}}
    update = response["statusUpdate"]
    is_final = OLD_STATES.get(update["status"].get("state", "")) in final
    status = status_from_1_0(update["status"], twice=twice)
    return {"statusUpdate": {**update, "status": status, "final": is_final}}


def _send_to_1_0(given: Json, twice: bool) -> Json:
    message = either(given, "message", "request")
    told = without(given, "request") | {"message": message_to_1_0(message, twice=twice)}
    configuration = given.get("configuration")
    if isinstance(configuration, dict):
        told["configuration"] = _configuration_to_1_0(configuration)
    return told


def _configuration_to_1_0(configuration: Json) -> Json:
    """A configuration without `blocking` does not block, as protobuf has it; without one at all: it does."""
    told = without(configuration, "blocking", "pushNotification", "push_notification")
    told["returnImmediately"] = not configuration.get("blocking")
    if either(told, "historyLength", "history_length") in (0, "0"):
        told = without(told, "historyLength", "history_length")
    if push := either(configuration, "pushNotification", "push_notification"):
        told["taskPushNotificationConfig"] = push_to_1_0(push)
    return told


def _create_push_to_1_0(given: Json) -> Json:
    """CreateTaskPushNotificationConfigRequest, or only its `config`, which its REST binding has for a body."""
    config = given.get("config") if isinstance(given.get("config"), dict) else given
    assert isinstance(config, dict)
    inner = either(config, "pushNotificationConfig", "push_notification_config")
    told = push_to_1_0(inner) if isinstance(inner, dict) else {}
    if config_id := either(given, "configId", "config_id") or _ids(config.get("name"))[1]:
        told["id"] = config_id
    return told | {"taskId": _ids(given.get("parent"))[0]}


def push_from_1_0(config: Json) -> Json:
    name = name_of(config.get("taskId", ""), config.get("id", ""))
    inner = old_push_from_1_0(config)["pushNotificationConfig"]
    return {"name": name, "pushNotificationConfig": inner}


# ---- For a client


def request_from_1_0(verb: str, params: Json, *, twice: bool = False) -> Json:
    """The a2a.v1 request message of 1.0 parameters; REST puts its `name` or `parent` into the path."""
    match verb:
        case "SendMessage" | "SendStreamingMessage":
            return _send_from_1_0(params, twice)
        case "GetTask" | "CancelTask" | "SubscribeToTask":
            told = {"name": name_of(params["id"])}
            if verb == "GetTask" and params.get("historyLength"):
                told["historyLength"] = params["historyLength"]
            return told
        case "GetTaskPushNotificationConfig" | "DeleteTaskPushNotificationConfig":
            return {"name": name_of(params["taskId"], params["id"])}
        case "ListTaskPushNotificationConfigs":
            return {"parent": name_of(params["taskId"])}
        case "CreateTaskPushNotificationConfig":
            config = push_from_1_0(params)
            parent = name_of(params["taskId"])
            return {"parent": parent, "configId": params.get("id", ""), "config": config}
    return {}


def _send_from_1_0(params: Json, twice: bool) -> Json:
    told: Json = {"message": message_from_1_0(params["message"], twice=twice)}
    if params.get("metadata"):
        told["metadata"] = params["metadata"]
    configuration = params.get("configuration") or {}
    old: Json = {"blocking": not configuration.get("returnImmediately")}
    for name in ("acceptedOutputModes", "historyLength"):
        if configuration.get(name):
            old[name] = configuration[name]
    if push := configuration.get("taskPushNotificationConfig"):
        old["pushNotification"] = old_push_from_1_0(push)["pushNotificationConfig"]
    return told | {"configuration": old}


def result_to_1_0(verb: str, result: Json, *, twice: bool = False) -> Any:
    match verb:
        case "SendMessage":
            return response_to_1_0(result, twice=twice)
        case "GetTask" | "CancelTask":
            return task_to_1_0(result, twice=twice)
        case "CreateTaskPushNotificationConfig" | "GetTaskPushNotificationConfig":
            return _push_result_to_1_0(result)
        case "ListTaskPushNotificationConfigs":
            return {"configs": [_push_result_to_1_0(each) for each in result.get("configs", [])]}
    return result


def _push_result_to_1_0(config: Json) -> Json:
    return _create_push_to_1_0({"config": config}) | {"taskId": _ids(config.get("name"))[0]}


def response_to_1_0(response: Json, *, twice: bool = False) -> Json:
    """A 1.0 StreamResponse of an a2a.v1 one. An unknown member gives an empty one."""
    if (task := response.get("task")) is not None:
        return {"task": task_to_1_0(task, twice=twice)}
    if (message := either(response, "message", "msg")) is not None:
        return {"message": message_to_1_0(message, twice=twice)}
    if (update := either(response, "statusUpdate", "status_update")) is not None:
        status = status_to_1_0(update.get("status") or {}, twice=twice)
        return {"statusUpdate": without(update, "final") | {"status": status}}
    if (update := either(response, "artifactUpdate", "artifact_update")) is not None:
        artifact = artifact_to_1_0(update.get("artifact") or {}, twice=twice)
        return {"artifactUpdate": {**update, "artifact": artifact}}
    return {}
