"""Who wants to be told of a task: webhooks, checked, kept, shown without their secrets, forgotten."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from routing.limits import (
    MAX_ID,
    MAX_PUSH_CONFIGS,
    MAX_SCHEME,
    MAX_SECRET,
    MAX_URL,
)
from routing.models import PushConfig, Task
from routing.record import Json
from security import news
from security.addresses import refusal
from security.crypto import seal
from security.errors import InvalidInput

SCHEME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What may stand in a header: anything else could begin another one.
SENDABLE: Final = re.compile(r"[\x20-\x7e]*")
URL: Final = re.compile(r"[^\s\\\x00-\x1f\x7f]+")
OLDER: Final = "0.3"
TASK_ENDED: Final = "task_ended"


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as its owner asks for it, checked. `config_id` may be empty: one is made."""

    url: str
    host: str
    config_id: str = ""
    scheme: str = ""
    credentials: str = ""
    token: str = ""
    dialect: str = "1.0"


def checked(config: Any, dialect: str = "1.0", path: str = "") -> Hook:
    """A2A TaskPushNotificationConfig. Raises `InvalidInput` naming the field, as `path` and its name."""
    if not isinstance(config, dict):
        raise _invalid(path.rstrip(".") or "config", _("must be an object"))
    url = _url(config, path)
    login = config.get("authentication") or {}
    if not isinstance(login, dict):
        raise _invalid(f"{path}authentication", _("must be an object"))
    credentials = _header(login, "credentials", f"{path}authentication.", MAX_SECRET)
    scheme = _header(login, "scheme", f"{path}authentication.", MAX_SCHEME)
    if (credentials or scheme) and not SCHEME.fullmatch(scheme):
        raise _invalid(f"{path}authentication.scheme", _("must be a scheme like Bearer"))
    return Hook(
        url=url,
        host=(urlsplit(url).hostname or "")[:255],
        config_id=_header(config, "id", path, MAX_ID),
        scheme=scheme,
        credentials=credentials,
        token=_header(config, "token", path, MAX_SECRET),
        dialect=dialect,
    )


def _url(config: Json, path: str) -> str:
    url = config.get("url")
    if not isinstance(url, str) or not url:
        raise _invalid(f"{path}url", _("is required"))
    if len(url) > MAX_URL:
        raise _invalid(f"{path}url", _("must be at most %(most)s characters") % {"most": MAX_URL})
    if not URL.fullmatch(url):
        raise _invalid(f"{path}url", _("must be an http or https URL"))
    if why := refusal(url):
        raise _invalid(f"{path}url", why)
    return url


def _header(holder: Json, name: str, path: str, most: int) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not SENDABLE.fullmatch(value):
        raise _invalid(path + name, _("must be a text of printable ASCII characters"))
    if len(value) > most:
        raise _invalid(path + name, _("must be at most %(most)s characters") % {"most": most})
    return value.strip()


def _invalid(field: str, what: str) -> InvalidInput:
    return InvalidInput(f"{field}: {what}", fields={field: what})


@transaction.atomic
def keep_push(task_id: str | UUID, hook: Hook, after: int | None = None) -> PushConfig:
    """Tell this webhook of every event of the task numbered above `after` (None: of what is still to come).

    One of the same id is replaced and goes on where it is. Raises `InvalidInput` when the task has enough.
    """
    task = Task.objects.select_for_update(no_key=True).only("id", "seq", "closed").get(id=task_id)
    config_id = hook.config_id or (str(task_id) if hook.dialect == OLDER else str(uuid7()))
    kept = PushConfig.objects.filter(task=task, config_id=config_id).first()
    if kept is None:
        _require_room(task)
        kept = PushConfig(task=task, config_id=config_id, delivered_seq=0)
        kept.delivered_seq = task.seq if after is None else after
    elif kept.ended is not None:
        kept.delivered_seq = task.seq
    kept.url, kept.host, kept.scheme, kept.dialect = hook.url, hook.host, hook.scheme, hook.dialect
    kept.sealed_credentials, kept.sealed_token = seal(hook.credentials), seal(hook.token)
    kept.attempts, kept.is_failing, kept.claim = 0, False, None
    kept.due = Now()
    is_over = task.closed is not None and kept.delivered_seq >= task.seq
    kept.ended, kept.end_reason = (task.closed, TASK_ENDED) if is_over else (None, "")
    kept.save()
    news.publish_on_commit("push", {"tasks": [str(task_id)]})
    return kept


@transaction.atomic
def keep_push_once(task_id: str | UUID, hook: Hook) -> None:
    """Tell this webhook of the whole task, unless the task knows its id, or its address, already."""
    Task.objects.select_for_update(no_key=True).only("id").get(id=task_id)
    known = PushConfig.objects.filter(task_id=task_id)
    same = Q(config_id=hook.config_id) if hook.config_id else Q(url=hook.url)
    if not known.filter(same).exists():
        keep_push(task_id, hook, 0)


def _require_room(task: Task) -> None:
    if task.push_configs.count() >= MAX_PUSH_CONFIGS:
        told = _("A task has at most %(most)s push configs: delete one first.")
        raise InvalidInput(told % {"most": MAX_PUSH_CONFIGS})


def push_of(task_id: str | UUID, config_id: str) -> PushConfig | None:
    """Without an id, as 0.3 may ask, the task's first."""
    found = PushConfig.objects.filter(task_id=task_id).order_by("id")
    return (found.filter(config_id=config_id) if config_id else found).first()


def pushes_of(task_id: str | UUID, after: UUID | None, most: int) -> list[PushConfig]:
    """The task's configs, oldest first, from behind the row `after`."""
    found = PushConfig.objects.filter(task_id=task_id).order_by("id")
    return list((found.filter(id__gt=after) if after else found)[:most])


def drop_push(task_id: str | UUID, config_id: str) -> None:
    """Tell it nothing more, from the next attempt on. One that is not there is gone already."""
    PushConfig.objects.filter(task_id=task_id, config_id=config_id).delete()


def shown(config: PushConfig, hook: Hook | None = None) -> Json:
    """A2A TaskPushNotificationConfig. Its secrets are told only to who just gave them, as `hook`."""
    told: Json = {"id": config.config_id, "taskId": str(config.task_id), "url": config.url}
    if hook is not None and hook.token:
        told["token"] = hook.token
    if config.scheme:
        told["authentication"] = {"scheme": config.scheme}
        if hook is not None and hook.credentials:
            told["authentication"]["credentials"] = hook.credentials
    return told
