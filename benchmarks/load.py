"""A load generator of few microseconds a request: raw asyncio, so that it does not measure itself.

`python -m benchmarks.load '{"port": 8000, "path": "/a2a/echo/", "headers": {}, "connections": 32, "seconds": 5}'`
keeps one request in flight per connection and prints one JSON line.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop


@dataclass
class Tally:
    """What came back. Latencies in seconds, of good answers only."""

    until: float
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    first_error: str = ""

    def count(self, seconds: float, answer: bytes, wanted: bytes) -> None:
        if wanted in answer:
            self.latencies.append(seconds)
        else:
            self.errors += 1
            self.first_error = self.first_error or answer[:500].decode("latin-1")


class Connection(asyncio.Protocol):
    """One keep-alive connection: send, read the answer by its Content-Length, send again."""

    def __init__(self, request: "Request", tally: Tally) -> None:
        self._request = request
        self._tally = tally
        self._buffer = b""
        self._sent = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = content_length(self._buffer[:head_end])
        if len(self._buffer) < head_end + 4 + length:
            return
        moment = time.perf_counter()
        self._tally.count(moment - self._sent, self._buffer, self._request.wanted)
        self._buffer = b""
        if moment < self._tally.until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request.next())


def content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(b"content-length:") + 15
    end = lower.find(b"\r\n", start)
    return int(lower[start : end if end > 0 else None])


class Request:
    """The bytes of SendMessage, each with a message id of its own."""

    wanted = b"TASK_STATE_COMPLETED"

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._number = 0
        lines = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._head = f"POST {path} HTTP/1.1\r\n{head}".encode()

    def next(self) -> bytes:
        self._number += 1
        body = (
            b'{"jsonrpc":"2.0","id":%d,"method":"SendMessage","params":{"message":{"messageId":"m-%d",'
            b'"role":"ROLE_USER","parts":[{"text":"hello, how are you today?"}]}}}'
        ) % (self._number, self._number)
        return self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def load(
    port: int, path: str, headers: dict[str, str], connections: int, seconds: float
) -> Tally:
    tally = Tally(time.perf_counter() + seconds)
    request, loop = Request(port, path, headers), asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Connection(request, tally), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.wait([protocol.done for _, protocol in opened], timeout=seconds + 30)
    return tally


def summary(tally: Tally, seconds: float) -> dict[str, Any]:
    """Milliseconds and messages per second."""
    if len(tally.latencies) < 2:
        return {"per_second": 0.0, "errors": tally.errors, "first_error": tally.first_error}
    cuts = statistics.quantiles(tally.latencies, n=100)
    return {
        "per_second": round(len(tally.latencies) / seconds, 1),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "messages": len(tally.latencies),
        "errors": tally.errors,
        "first_error": tally.first_error,
    }


if __name__ == "__main__":
    wish = json.loads(sys.argv[1])
    result = uvloop.run(load(**wish))
    print(json.dumps(summary(result, wish["seconds"])))
