"""The model stub as a process of its own, and what it saw."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from typing import Any

from agentx_site.model_stub.serve import listening, url_of

RECORDS = """
import socket, sys
from agentx_site.model_stub.serve import serve
serve(socket.socket(fileno=int(sys.argv[1])), records=sys.argv[2] == "True")
"""
Json = dict[str, Any]


class Stub:
    """`with Stub() as stub:` serves at `stub.url`. Its socket is open before the process is there."""

    def __init__(self, *, records: bool = True) -> None:
        with listening("127.0.0.1", 0) as listener:
            self.url = url_of(listener)
            descriptor = listener.fileno()
            argv = [sys.executable, "-c", RECORDS, str(descriptor), str(records)]
            self._process = subprocess.Popen(argv, pass_fds=(descriptor,))

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def told(self, since: int = 0) -> Json:
        return self._ask("GET", f"?since={since}")

    def requests(self, since: int = 0) -> list[Json]:
        """Those after `since`, oldest first."""
        return list(self.told(since)["requests"])

    def mark(self) -> int:
        """The number of the newest request: what comes after it is new."""
        return int(self.told()["counters"]["requests"])

    def forget(self) -> None:
        self._ask("DELETE")

    async def asked(self, since: int, count: int = 1, within: float = 20.0) -> Json:
        """The newest request, as soon as there are so many after `since`."""
        return (
            await self._seen(lambda found: found if len(found) >= count else [], since, within)
        )[-1]

    async def ended(self, request: Json, within: float = 20.0) -> Json:
        """The request, once it ended."""
        since = request["number"] - 1

        def ended(found: list[Json]) -> list[Json]:
            return found[:1] if found and found[0]["ended"] is not None else []

        return (await self._seen(ended, since, within))[0]

    async def _seen(self, question: Any, since: int, within: float) -> list[Json]:
        deadline = time.monotonic() + within
        while not (found := question(await asyncio.to_thread(self.requests, since))):
            assert time.monotonic() < deadline, "the model was not asked"
            await asyncio.sleep(0.01)
        return list(found)

    def _ask(self, method: str, query: str = "") -> Json:
        url = self.url.removesuffix("/v1") + "/stub/requests" + query
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20) as told:
            return dict(json.load(told))
