"""A webhook's receiver for tests: a real HTTP server in the event loop of the test, which answers as it is told."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiohttp import web


class Heard(NamedTuple):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def number(self) -> int:
        """The event's."""
        return int(self.headers["agentx-event"].rpartition("/")[2])


class Receiver:
    """`async with Receiver() as hook:`. `answers[path]`: the statuses of the next answers, 204 when none is left."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: defaultdict[str, list[int]] = defaultdict(list)
        self.headers: dict[str, str] = {}
        self._held: dict[str, asyncio.Event] = {}
        self._news = asyncio.Condition()

    async def __aenter__(self) -> "Receiver":
        site = web.Application(client_max_size=64 * 1024 * 1024)
        site.router.add_post("/{name}", self._hear)
        self._runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        place = web.TCPSite(self._runner, "127.0.0.1", 0)
        await place.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for event in self._held.values():
            event.set()
        await self._runner.cleanup()

    def url(self, name: str = "hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{name}"

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[None]:
        """This one hears, and does not answer."""
        self._held[f"/{name}"] = asyncio.Event()
        yield
        self._held.pop(f"/{name}").set()

    def at(self, name: str) -> list[Heard]:
        return [each for each in self.heard if each.path == f"/{name}"]

    async def until(self, count: int, name: str = "hook", within: float = 10.0) -> list[Heard]:
        """Wait until it has heard so many; no more than these."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: len(self.at(name)) >= count)
        assert len(self.at(name)) == count
        return self.at(name)

    async def _hear(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        headers = {name.lower(): value for name, value in request.headers.items()}
        async with self._news:
            self.heard.append(Heard(request.path, headers, body))
            self._news.notify_all()
        if (held := self._held.get(request.path)) is not None:
            await held.wait()
        answers = self.answers[request.path.lstrip("/")]
        return web.Response(status=answers.pop(0) if answers else 204, headers=self.headers)
