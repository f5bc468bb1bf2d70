"""What the processes of a plugin wrote."""

import json
from functools import cache
from typing import Any, Final
from uuid import UUID

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from plugins_app.selectors.plugins import access_plugin
from security import permissions
from security.errors import InvalidInput, Unavailable
from security.principals import Principal

LOG_KEY: Final = "agentx:logs:{slug}"
MAX_LOG_LINES: Final = 2000


def log_lines(
    principal: Principal, ref: str | UUID, *, limit: int = 200, after: str = ""
) -> list[dict[str, Any]]:
    """The newest lines, oldest first; with `after` (a line's id) those that follow it.

    Each: id, instance, ordinal, time, level, text, json (what a JSON line held, else None).
    """
    principal.require(permissions.PLUGINS_LOGS)
    key = LOG_KEY.format(slug=access_plugin(principal, ref).slug)
    count = max(1, min(limit, MAX_LOG_LINES))
    found: Any
    try:
        if after:
            found = _redis().xrange(key, min=f"({after}", count=count)
        else:
            found = reversed(_redis().xrevrange(key, count=count) or ())
    except redis.ResponseError:
        raise InvalidInput(
            _("No line has this id."), fields={"after": _("not the id of a line")}
        ) from None
    except redis.RedisError:
        raise Unavailable(_("The logs cannot be read now: Redis is away.")) from None
    return [{"id": line_id, **told, "json": _json(told)} for line_id, told in found]


def _json(told: dict[str, str]) -> dict[str, Any] | None:
    value = json.loads(told["json"]) if told.get("json") else None
    return value if isinstance(value, dict) else None


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=2)
