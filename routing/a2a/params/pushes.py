"""TaskPushNotificationConfig and the requests about it. Whether AgentX may call the URL is the core's to say."""

from typing import Any, Final

from routing.a2a.params.reading import child, invalid, short, text, whole
from routing.limits import MAX_PAGE_SIZE, MAX_SCHEME, MAX_SECRET, MAX_URL, PAGE_SIZE
from routing.record import Json

SPACE: Final = 0x20
DELETE: Final = 0x7F


def push_config(value: Any, path: str = "") -> Json:
    """`{url, id?, token?, authentication?: {scheme, credentials?}}`. `path`: of the config in its request."""
    if not isinstance(value, dict):
        raise invalid(path or "config", "must be an object")
    path = f"{path}." if path else ""
    told: Json = {
        "url": _line(short(value, "url", path, limit=MAX_URL, required=True), f"{path}url")
    }
    if config_id := short(value, "id", path):
        told["id"] = config_id
    if token := short(value, "token", path, limit=MAX_SECRET):
        told["token"] = _line(token, f"{path}token")
    if authentication := child(value, "authentication", f"{path}authentication"):
        told["authentication"] = _authentication(authentication, f"{path}authentication.")
    return told


def _authentication(value: Json, path: str) -> Json:
    scheme = short(value, "scheme", path, limit=MAX_SCHEME, required=True)
    told = {"scheme": _line(scheme, f"{path}scheme")}
    if credentials := short(value, "credentials", path, limit=MAX_SECRET):
        told["credentials"] = _line(credentials, f"{path}credentials")
    return told


def push_ids(params: Json, *, config: bool = True) -> tuple[str, str]:
    """The task's id and the config's. `config`: whether that one must be there."""
    task_id = short(params, "taskId", "", required=True)
    return task_id, short(params, "id", "", required=config)


def push_listing(params: Json) -> tuple[str, int, str]:
    """The task's id, the page's size, and the token of the page."""
    size = whole(params, "pageSize", "", minimum=0, maximum=MAX_PAGE_SIZE)
    task_id = short(params, "taskId", "", required=True)
    return task_id, size or PAGE_SIZE, text(params, "pageToken", "")


def _line(told: str, path: str) -> str:
    """What becomes part of a request's head must not end its line."""
    if any(ord(character) < SPACE or ord(character) == DELETE for character in told):
        raise invalid(path, "must not hold control characters")
    return told
