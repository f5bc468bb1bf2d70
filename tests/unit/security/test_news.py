"""News reaches every listener, and its loss is survived."""

import asyncio
from typing import Any

import pytest
import redis

from security import news
from security.news import News


@pytest.mark.asyncio
async def test_topics_and_prefixes_are_heard() -> None:
    said: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    listener = News()
    for topic in ("keys", "node.*"):
        listener.on(topic, lambda topic, payload: said.put_nowait((topic, payload)))
    task = asyncio.create_task(listener.run())
    try:
        async with asyncio.timeout(10):
            # After connecting each listener is called once: it may have missed something.
            assert [await said.get(), await said.get()] == [("keys", {}), ("node.", {})]
            await asyncio.to_thread(news.publish, "node.local", {"why": "test"})
            assert await said.get() == ("node.local", {"why": "test"})
            await listener.publish("routes", {})
            await listener.publish("keys", {"key": "k"})
            assert await said.get() == ("keys", {"key": "k"})
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await listener._publisher.aclose()


def test_a_redis_that_is_away_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url("redis://127.0.0.1:9/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(news, "_client", lambda: away)
    news.publish("keys", {})
