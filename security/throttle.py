"""How often somebody may be wrong, counted in Redis for all processes. Without Redis nobody is locked out."""

import hashlib
import logging
from dataclasses import dataclass
from functools import cache
from typing import Final

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from security.errors import TooManyRequests

log = logging.getLogger(__name__)
PREFIX: Final = "agentx:throttle:"


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5, retry=None
    )


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `limit` per subject in `seconds` from the first; then `TooManyRequests` until those are over."""

    name: str
    limit: int
    seconds: int

    def count(self, *subject: str) -> None:
        """Count before trying: of many at once only so many get through. Raises `TooManyRequests`."""
        key = self._key(subject)
        try:
            with _client().pipeline() as pipe:
                pipe.incr(key)
                pipe.expire(key, self.seconds, nx=True)
                pipe.ttl(key)
                counted, _set, left = pipe.execute()
        except redis.RedisError as error:
            log.warning("%s not counted: %s", self.name, error)
            return
        if counted > self.limit:
            log.warning("%s throttled for %s s", self.name, left)
            told = _("Too many failed attempts. Try again in %(seconds)s seconds.")
            wait = max(1, int(left))
            raise TooManyRequests(told % {"seconds": wait}, retry_after=wait)

    def forgive(self, *subject: str) -> None:
        """It was right after all: what was counted before is forgotten."""
        try:
            _client().delete(self._key(subject))
        except redis.RedisError as error:
            log.warning("%s not forgiven: %s", self.name, error)

    def take_back(self, *subject: str) -> None:
        """It was right after all: this once does not count."""
        try:
            _client().decr(self._key(subject))
        except redis.RedisError as error:
            log.warning("%s not taken back: %s", self.name, error)

    def _key(self, subject: tuple[str, ...]) -> str:
        digest = hashlib.sha256("\0".join(subject).encode()).hexdigest()
        return f"{PREFIX}{self.name}:{digest[:32]}"


# One name from one address; and one address that tries many names.
LOGIN: Final = Throttle("login", limit=5, seconds=300)
LOGIN_ADDRESS: Final = Throttle("login-address", limit=50, seconds=300)
# Wrong API keys. Right ones are never refused for their neighbours' sake.
KEYS: Final = Throttle("keys", limit=60, seconds=60)
# Processes that call home and are refused: each leaves a line in the audit.
JOINS: Final = Throttle("joins", limit=60, seconds=60)
