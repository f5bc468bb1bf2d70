"""What the processes of a plugin wrote."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
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
LEVELS: Final = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which lines: at least of this level, with all these words (case does not matter), of one process."""

    level: str = "debug"
    words: tuple[str, ...] = ()
    ordinal: int | None = None

    def takes(self, told: dict[str, str]) -> bool:
        """Whether a line, as the stream holds it, is sought."""
        if self.ordinal is not None and told.get("ordinal") != str(self.ordinal):
            return False
        if _rank(told.get("level", "info")) < _rank(self.level):
            return False
        text = told.get("text", "").lower()
        return all(word in text for word in self.words)


EVERYTHING: Final = Sought()


def sought(level: str = "", q: str = "", ordinal: int | None = None) -> Sought:
    """As people ask: `q` is words, each of which must be in the line."""
    return Sought(level or "debug", tuple(q.lower().split()), ordinal)


def log_lines(
    principal: Principal,
    ref: str | UUID,
    *,
    limit: int = 200,
    after: str = "",
    which: Sought = EVERYTHING,
) -> list[dict[str, Any]]:
    """The newest lines, oldest first; with `after` (a line's id) those that follow it.

    Each: id, instance, ordinal, time, level, text, json (what a JSON line held, else None).
    """
    principal.require(permissions.PLUGINS_LOGS)
    key = LOG_KEY.format(slug=access_plugin(principal, ref).slug)
    count = max(1, min(limit, MAX_LOG_LINES))
    read = count if which == EVERYTHING else MAX_LOG_LINES
    try:
        found = list(_read(key, after, read))
    except redis.ResponseError:
        raise InvalidInput(
            _("No line has this id."), fields={"after": _("not the id of a line")}
        ) from None
    except redis.RedisError:
        raise Unavailable(_("The logs cannot be read now: Redis is away.")) from None
    taken = [(line_id, told) for line_id, told in found if which.takes(told)]
    taken = taken[:count] if after else taken[-count:]
    return [{"id": line_id, **told, "json": _json(told)} for line_id, told in taken]


def _read(key: str, after: str, count: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Oldest first."""
    told: Any
    if after:
        told = _redis().xrange(key, min=f"({after}", count=count)
    else:
        told = reversed(_redis().xrevrange(key, count=count) or ())
    return iter(told)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 1


def _json(told: dict[str, str]) -> dict[str, Any] | None:
    value = json.loads(told["json"]) if told.get("json") else None
    return value if isinstance(value, dict) else None


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=2)
