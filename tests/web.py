"""A web process for tests: the whole ASGI application on a real uvicorn, in the event loop of the test."""

import asyncio
import contextlib
import io
import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import uvicorn
from django.core.asgi import get_asgi_application
from yarl import URL

from agentx_site.doors import message_lane
from agentx_site.lane import Lane
from routing.delivery import Switchboard

Json = dict[str, Any]


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """pytest keeps its signals."""
        yield


class Web:
    """`async with Web(key) as web:`; `web.switchboard` is the core behind its doors."""

    def __init__(self, key: str | None = None) -> None:
        self.switchboard = Switchboard()
        self.lane: Lane = message_lane(self.switchboard, get_asgi_application())
        self.key = key

    async def __aenter__(self) -> "Web":
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self.lane, lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        self._server = Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        self._client = aiohttp.ClientSession(self.url)
        await self.switchboard.start()
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        self._server.should_exit = True
        await self._serving
        await self.switchboard.stop()

    def headers(self, **more: str) -> dict[str, str]:
        key = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return {"A2A-Version": "1.0", "Content-Type": "application/json", **key, **more}

    async def post(
        self, path: str, body: bytes | Any, headers: dict[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self._client.post(
            path, data=io.BytesIO(data), headers=headers or self.headers()
        )
        await answer.read()
        return answer

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        answer = await self._client.get(path, headers=self.headers(**headers))
        await answer.read()
        return answer

    async def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """An HTTP+JSON call below the agent `echo`: the status, and the JSON of the answer. None sends no body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = self.headers(**headers)
        if body is None:
            told.pop("Content-Type")
        answer = await self._client.request(
            method,
            URL(f"/a2a/echo{path}", encoded=True),
            headers=told,
            data=None if body is None else data,
        )
        text = await answer.read()
        return answer.status, json.loads(text) if text else None

    async def events(self, method: str, path: str, body: Any = None, **headers: str) -> list[Json]:
        """All events of an HTTP+JSON stream below the agent `echo`."""
        told = self.headers(**headers)
        async with self._client.request(
            method, f"/a2a/echo{path}", headers=told, json=body
        ) as answer:
            assert answer.headers["content-type"] == "text/event-stream", await answer.text()
            return [
                json.loads(line[6:]) async for line in answer.content if line.startswith(b"data: ")
            ]

    async def rpc(self, method: str, params: Any, agent: str = "echo") -> Json:
        """The JSON-RPC answer."""
        answer = await self.post(f"/a2a/{agent}/", call(method, params))
        return dict(await answer.json())

    async def result(self, method: str, params: Any, agent: str = "echo") -> Json:
        answer = await self.rpc(method, params, agent)
        assert "result" in answer, answer
        return dict(answer["result"])

    async def refusal(self, method: str, params: Any, agent: str = "echo") -> Json:
        answer = await self.rpc(method, params, agent)
        assert "error" in answer, answer
        return dict(answer["error"])

    async def send(self, text: str = "hello", agent: str = "echo", **fields: Any) -> Json:
        """SendMessage; the task. `fields` of the message; `configuration` of the request."""
        configuration = fields.pop("configuration", {})
        params = {"message": message(text, **fields), "configuration": configuration}
        return dict((await self.result("SendMessage", params, agent))["task"])

    async def later(self, text: str = "hello", agent: str = "echo", **fields: Any) -> Json:
        """SendMessage with returnImmediately; the task."""
        return await self.send(text, agent, configuration={"returnImmediately": True}, **fields)

    async def stream(self, method: str, params: Any, agent: str = "echo") -> AsyncIterator[Json]:
        """The results of a stream, one by one."""
        body = json.dumps(call(method, params)).encode()
        async with self._client.post(f"/a2a/{agent}/", data=body, headers=self.headers()) as answer:
            assert answer.headers["content-type"] == "text/event-stream", await answer.text()
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])["result"]

    async def ended(self, task_id: str, agent: str = "echo", within: float = 10.0) -> Json:
        """The task once it has ended."""
        async with asyncio.timeout(within):
            while True:
                task = await self.result("GetTask", {"id": task_id}, agent)
                if state(task) not in ("WORKING", "SUBMITTED"):
                    return task
                await asyncio.sleep(0.02)


def call(method: str, params: Any, call_id: Any = 1) -> Json:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}


def message(text: str = "hello", **fields: Any) -> Json:
    told = {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": text}]}
    return told | fields


def state(task: Json) -> str:
    return str(task["status"]["state"]).removeprefix("TASK_STATE_")


def text_of(task: Json) -> str:
    """All text of its artifacts."""
    parts = [part for artifact in task.get("artifacts", []) for part in artifact["parts"]]
    return "".join(part.get("text", "") for part in parts)


def reason(refusal: Json) -> str:
    return str(refusal["data"][0]["reason"])
