"""An agent elsewhere on a real HTTP server, in the loop of the test: JSON-RPC 1.0, and whatever trouble a test wants."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Told = Callable[["Far", Json], AsyncIterator[Json]]


class Far:
    """`async with Far() as far:`. `asked` is every call; `scripts` by the first word of a message say what happens.

    A script is an async generator of StreamResponses; what it yields is applied to the task, told to every stream, and
    kept for GetTask. `release` lets those go on that wait for it.
    """

    def __init__(self, port: int = 0, *, streaming: bool = True, **card: Any) -> None:
        self.streaming = streaming
        self.card_changes = card
        self.asked: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[tuple[str, int]] = set()
        self.tasks: dict[str, Json] = {}
        self.release = asyncio.Event()
        self.answers: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {}
        self.card_answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        self.documents: dict[str, Json] = {}
        self._port = port
        self._streams: dict[str, list[asyncio.Queue[Json | None]]] = {}
        self._work: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Far":
        application = web.Application()
        application.router.add_get("/.well-known/agent-card.json", self._card)
        application.router.add_get("/.well-known/jwks.json", self._document)
        application.router.add_post("/", self._call)
        application.router.add_get("/", self._call)
        self._runner = web.AppRunner(application, shutdown_timeout=0.05)
        await self._runner.setup()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for work in self._work:
            work.cancel()
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def card(self) -> Json:
        return {
            "name": "Far",
            "description": "Lives elsewhere.",
            "version": "1.0.0",
            "supportedInterfaces": [
                {"url": f"{self.url}/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
            ],
            "capabilities": {"streaming": self.streaming, "pushNotifications": False},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "talk", "name": "Talk", "description": "Talks.", "tags": ["chat"]}],
        } | self.card_changes

    async def stop(self) -> None:
        """Gone: every connection is cut."""
        self.cut()
        await self._runner.cleanup()

    def cut(self) -> None:
        """Every connection, but the server stays."""
        for connection in list(self._runner.server.connections) if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()

    def verbs(self) -> list[str]:
        return [each["method"] for each in self.asked]

    async def until_asked(self, verb: str, count: int = 1) -> Json:
        """The params of the call, once it has come."""
        async with asyncio.timeout(10):
            while self.verbs().count(verb) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return [each["params"] for each in self.asked if each["method"] == verb][count - 1]

    async def _card(self, request: web.Request) -> web.StreamResponse:
        if self.card_answer is not None:
            return await self.card_answer(request)
        body = json.dumps(self.card)
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=body, content_type="application/json", headers={"ETag": etag})

    async def _document(self, request: web.Request) -> web.StreamResponse:
        document = self.documents.get(request.path)
        return web.Response(status=404) if document is None else web.json_response(document)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        self.peers.add(request.transport.get_extra_info("peername"))  # type: ignore[union-attr]
        if request.method != "POST":
            return web.Response(status=405)
        call = await request.json()
        self.asked.append(call)
        self.headers.append(dict(request.headers))
        if call["method"] in self.answers:
            return await self.answers[call["method"]](request)
        match call["method"]:
            case "SendMessage" | "SendStreamingMessage":
                return await self._send(request, call)
            case "SubscribeToTask":
                return await self._subscribe(request, call)
            case "CancelTask":
                task = self.tasks[call["params"]["id"]]
                self.tell(task["id"], status(task, "CANCELED"))
                return reply(call, task)
            case "GetTask":
                task = self.tasks.get(call["params"]["id"])
                return reply(call, task) if task else refuse(call, -32001, "Task not found")
        return refuse(call, -32601, "Method not found")

    async def _send(self, request: web.Request, call: Json) -> web.StreamResponse:
        params = call["params"]
        message = params["message"]
        text = message["parts"][0].get("text", "")
        if text.startswith("direct"):
            answer = {"message": said(text)}
            if call["method"] == "SendMessage":
                return reply(call, answer)
            response = await begun(request)
            await event(response, call, answer)
            return response
        task = self.tasks.get(message.get("taskId", ""))
        if task is None:
            task = self._new_task(message)
        mine = self._listen(task["id"])
        mine.put_nowait({"task": json.loads(json.dumps(task))})
        work = asyncio.create_task(self._go(task, text))
        self._work.add(work)
        if call["method"] == "SendMessage":
            if not params.get("configuration", {}).get("returnImmediately"):
                await work
            return reply(call, {"task": task})
        return await self._told(request, call, task["id"], mine)

    async def _subscribe(self, request: web.Request, call: Json) -> web.StreamResponse:
        task = self.tasks.get(call["params"]["id"])
        if task is None:
            return refuse(call, -32001, "Task not found")
        if ended(task):
            return refuse(call, -32004, "The task has ended")
        mine = self._listen(task["id"])
        mine.put_nowait({"task": json.loads(json.dumps(task))})
        return await self._told(request, call, task["id"], mine)

    def _new_task(self, message: Json) -> Json:
        task = {
            "id": f"far-{len(self.tasks) + 1}",
            "contextId": message.get("contextId") or f"far-context-{len(self.tasks) + 1}",
            "status": {"state": "TASK_STATE_WORKING"},
            "history": [message],
        }
        self.tasks[task["id"]] = task
        return task

    def _listen(self, task_id: str) -> asyncio.Queue[Json | None]:
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._streams.setdefault(task_id, []).append(queue)
        return queue

    async def _told(
        self, request: web.Request, call: Json, task_id: str, mine: asyncio.Queue[Json | None]
    ) -> web.StreamResponse:
        response = await begun(request)
        try:
            while (told := await mine.get()) is not None:
                await event(response, call, told)
        finally:
            self._streams[task_id].remove(mine)
        return response

    async def _go(self, task: Json, text: str) -> None:
        """By the first word: `echo …`, `ask …`, `hold …` (until released), `count …` (three chunks, the last when released)."""
        word, _, rest = text.partition(" ")
        if word == "ask" and task["status"]["state"] != "TASK_STATE_INPUT_REQUIRED":
            self.tell(task["id"], status(task, "INPUT_REQUIRED", said("What?", "q-1")))
            return
        if word == "count":
            self.tell(task["id"], chunk(task, "one "))
            self.tell(task["id"], chunk(task, "two ", append=True))
            await self.release.wait()
            self.tell(task["id"], chunk(task, "three", append=True))
        elif word == "hold":
            await self.release.wait()
        else:
            self.tell(task["id"], chunk(task, rest or text))
        if not ended(task):
            self.tell(task["id"], status(task, "COMPLETED"))

    def tell(self, task_id: str, told: Json) -> None:
        """Apply an event to the task, and tell it."""
        task = self.tasks[task_id]
        if update := told.get("statusUpdate"):
            task["status"] = update["status"]
        elif update := told.get("artifactUpdate"):
            keep(task, update)
        last = "statusUpdate" in told and (ended(task) or "INPUT" in task["status"]["state"])
        for queue in self._streams.get(task_id, []):
            queue.put_nowait(json.loads(json.dumps(told)))
            if last:
                queue.put_nowait(None)


def keep(task: Json, update: Json) -> None:
    artifacts = task.setdefault("artifacts", [])
    if update.get("append") and artifacts:
        artifacts[0]["parts"] += update["artifact"]["parts"]
    else:
        artifacts[:] = [json.loads(json.dumps(update["artifact"]))]


def ended(task: Json) -> bool:
    return task["status"]["state"] in ("TASK_STATE_COMPLETED", "TASK_STATE_CANCELED")


def said(text: str, message_id: str = "far-said") -> Json:
    return {"messageId": message_id, "role": "ROLE_AGENT", "parts": [{"text": text}]}


def status(task: Json, state: str, message: Json | None = None) -> Json:
    told: Json = {"state": f"TASK_STATE_{state}"}
    if message:
        told["message"] = message
    return {"statusUpdate": {"taskId": task["id"], "contextId": task["contextId"], "status": told}}


def chunk(task: Json, text: str, *, append: bool = False) -> Json:
    artifact = {"artifactId": "reply", "parts": [{"text": text}]}
    update: Json = {"taskId": task["id"], "contextId": task["contextId"], "artifact": artifact}
    return {"artifactUpdate": update | ({"append": True} if append else {})}


def reply(call: Json, result: Any) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": call["id"], "result": result})


def refuse(call: Json, code: int, message: str) -> web.Response:
    error = {"code": code, "message": message}
    return web.json_response({"jsonrpc": "2.0", "id": call["id"], "error": error})


async def begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    return response


async def event(response: web.StreamResponse, call: Json, result: Json) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result})
    await response.write(f"data: {body}\r\n\r\n".encode())
