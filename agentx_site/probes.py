"""/health: this process lives. /ready: it can do its work, and if not, what is missing."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import redis
import redis.asyncio
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from registry.models import Node
from routing.a2a.lane_view import json_response
from security.errors import PublicError
from security.rows import ask

log = logging.getLogger(__name__)
CHECK_SECONDS: Final = 3.0


async def health(request: HttpRequest, refusal: PublicError | None = None) -> HttpResponse:
    return json_response({"status": "ok", "version": settings.VERSION})


class Readiness:
    """Answers 200 or 503 with each check by its name: "ok" or what is wrong."""

    def __init__(self) -> None:
        self._migrated = False

    async def __call__(
        self, request: HttpRequest, refusal: PublicError | None = None
    ) -> HttpResponse:
        checks = await asyncio.gather(
            self._checked("database", lambda: ask(_database)),
            self._checked("redis", _redis),
            self._checked("migrations", self._migrations),
            self._checked("node", lambda: ask(_node)),
        )
        is_ready = all(told == "ok" for _, told in checks)
        body = {"status": "ready" if is_ready else "not ready", "checks": dict(checks)}
        return json_response(body, 200 if is_ready else 503)

    async def _checked(self, name: str, check: Callable[[], Any]) -> tuple[str, str]:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return name, await check()
        except TimeoutError:
            return name, f"no answer within {CHECK_SECONDS:.0f} s"
        except (PublicError, redis.RedisError, OSError) as error:
            log.warning("not ready: %s: %s", name, error)
            return name, "away"

    async def _migrations(self) -> str:
        """Asked until they are applied: they are not taken back under a running process."""
        if not self._migrated:
            self._migrated = await ask(_is_migrated)
        return "ok" if self._migrated else "not applied: run agentx up, or manage.py migrate"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _node() -> str:
    active = Node.objects.filter(state=Node.State.ACTIVE).exists()
    return "ok" if active else "no active node: nothing runs plugins"


async def _redis() -> str:
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    try:
        await client.ping()
    finally:
        await client.aclose()
    return "ok"
