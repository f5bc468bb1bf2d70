"""Reads streams over HTTP, few microseconds each. `python -m benchmarks.sse WISH` opens many at once."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import uvloop

OPENING = 50  # connections at a time: nobody's backlog is a thousand deep


@dataclass(frozen=True)
class Door:
    """Where to ask, and with what."""

    port: int
    path: str
    headers: dict[str, str]

    def request(self, text: str, metadata: dict[str, Any]) -> bytes:
        message = {
            "messageId": f"m-{time.monotonic_ns()}",
            "role": "ROLE_USER",
            "parts": [{"text": text}],
            "metadata": metadata,
        }
        call = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage"}
        body = json.dumps(call | {"params": {"message": message}}).encode()
        lines = {"Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json"}
        lines |= self.headers | {"Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def events(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The data of each event of a chunked answer, to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(head.decode("latin-1"))
    while size := int(await reader.readuntil(b"\r\n"), 16):
        chunk = (await reader.readexactly(size + 2))[:-2]
        for line in chunk.split(b"\n"):
            if line.startswith(b"data: "):
                yield line[6:]
    await reader.readexactly(2)


async def _follow(
    door: Door, words: int, pause: float, gate: asyncio.Semaphore
) -> tuple[int, bool]:
    """How many events came, and whether all did: the task, each word, and the end."""
    request = door.request(" ".join(["word"] * words), {"stream": True, "pause": pause})
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(request)
        stream = events(reader)
        told = [await anext(stream)]
    told += [event async for event in stream]
    writer.close()
    return len(told), len(told) >= words + 2 and b"TASK_STATE_COMPLETED" in told[-1]


async def main(
    port: int, path: str, headers: dict[str, str], streams: int, words: int, pause: float
) -> dict[str, Any]:
    door, gate, began = Door(port, path, headers), asyncio.Semaphore(OPENING), time.perf_counter()
    followed = await asyncio.gather(
        *(_follow(door, words, pause, gate) for _ in range(streams)), return_exceptions=True
    )
    failures = [each for each in followed if isinstance(each, BaseException)]
    told = [each for each in followed if not isinstance(each, BaseException)]
    return {
        "events": sum(count for count, _ in told),
        "complete": sum(complete for _, complete in told),
        "first_failure": repr(failures[0]) if failures else "",
        "seconds": round(time.perf_counter() - began, 1),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(**json.loads(sys.argv[1])))))
