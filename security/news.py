"""Tell other processes that something changed. Redis may lose it: behind every topic stands a slower poll.

Topics in use: `keys` (a key was revoked, an owner disabled), `routes` (agents or processes changed),
`node.<name>` (wake that node's supervisor), `forgotten` (releases were: nodes tidy up), `tasks` (cancel requests and new events, by task id).
"""

import asyncio
import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import redis
import redis.asyncio
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)
PREFIX: Final = "agentx:news:"
RECONNECT_SECONDS: Final = 1.0

Listener = Callable[[str, dict[str, Any]], None]


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def publish(topic: str, payload: dict[str, Any] | None = None) -> None:
    """Tell it now, from sync code. A Redis that is away is logged and survived."""
    try:
        _client().publish(PREFIX + topic, json.dumps(payload or {}))
    except redis.RedisError as error:
        log.warning("news on %s not told: %s", topic, error)


def publish_on_commit(topic: str, payload: dict[str, Any] | None = None) -> None:
    """Tell it once the transaction at hand has been committed."""
    transaction.on_commit(lambda: publish(topic, payload))


class News:
    """One connection per process that hears topics and calls listeners on the event loop.

    `on(topic, listener)`; a topic ending in `*` is a prefix. Listeners are quick and do not raise; after every
    (re)connection each listener is called once with an empty payload, because news may have been missed.
    """

    def __init__(self) -> None:
        self._listeners: list[tuple[str, Listener]] = []
        self._publisher: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
        )

    def on(self, topic: str, listener: Listener) -> None:
        self._listeners.append((topic, listener))

    async def publish(self, topic: str, payload: dict[str, Any] | None = None) -> None:
        """Tell it, from async code."""
        try:
            await self._publisher.publish(PREFIX + topic, json.dumps(payload or {}))
        except redis.RedisError as error:
            log.warning("news on %s not told: %s", topic, error)

    async def close(self) -> None:
        """Let go of what `publish` holds, after `run` was cancelled."""
        await self._publisher.aclose()

    async def run(self) -> None:
        """Listen until cancelled; reconnects by itself."""
        while True:
            try:
                await self._listen()
            except (redis.RedisError, OSError) as error:
                log.warning("news lost, listening again soon: %s", error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, health_check_interval=5)
        try:
            async with client.pubsub() as pubsub:
                await pubsub.psubscribe(PREFIX + "*")
                for topic, listener in self._listeners:
                    listener(topic.rstrip("*"), {})
                async for message in pubsub.listen():
                    if message["type"] == "pmessage":
                        self._hear(message["channel"].decode(), message["data"])
        finally:
            await client.aclose()

    def _hear(self, channel: str, data: bytes) -> None:
        topic, payload = channel.removeprefix(PREFIX), json.loads(data)
        for wanted, listener in self._listeners:
            if topic == wanted or (wanted.endswith("*") and topic.startswith(wanted[:-1])):
                listener(topic, payload)
