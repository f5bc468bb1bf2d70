"""A mixed load over every door: what callers do, in any order, also while the server is being killed."""

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import aiohttp
import grpc
from google.protobuf.json_format import MessageToDict, ParseDict

from benchmarks.soak.place import REMOTE, Place
from proto import a2a_v1_pb2, a2a_v1_pb2_grpc

Json = dict[str, Any]
TROUBLE: Final = (aiohttp.ClientError, OSError, TimeoutError, grpc.aio.AioRpcError, ValueError)
PATIENCE: Final = aiohttp.ClientTimeout(total=60, sock_connect=5)
ENDS: Final = ("COMPLETED", "FAILED", "CANCELED", "REJECTED", "INPUT_REQUIRED", "AUTH_REQUIRED")


class Load:
    """`tasks`: what was acknowledged. `hooks`: by webhook, the event numbers that it heard. `wrong`: what must not be."""

    def __init__(self, place: Place, receiver: str) -> None:
        self.place = place
        self.receiver = receiver
        self.tasks: set[str] = set()
        self.hooked: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.ends = asyncio.Event()

    async def run(self, callers: int) -> None:
        """Until `ends` is set; then every call is let come to its end."""
        async with aiohttp.ClientSession(timeout=PATIENCE) as self.http:
            self.channel = grpc.aio.insecure_channel(self.place.grpc)
            self.stub = a2a_v1_pb2_grpc.A2AServiceStub(self.channel)
            await asyncio.gather(*(self._caller() for _ in range(callers)))
            await self.channel.close()

    async def _caller(self) -> None:
        while not self.ends.is_set():
            move = random.choice(MOVES)
            try:
                await move(self)
                self.counts[f"{move.__name__} ok"] += 1
            except TROUBLE as error:
                self.counts[f"{move.__name__} trouble"] += 1
                self.refusals[f"{type(error).__name__}: {str(error)[:90]}"] += 1
                await asyncio.sleep(0.1)

    def saw(self, task: Json) -> Json:
        self.tasks.add(task["id"])
        return task

    async def post(self, path: str, body: Json, **headers: str) -> Json:
        every = self.place.headers | headers
        async with self.http.post(self.place.url + path, json=body, headers=every) as answer:
            told = await answer.json(content_type=None)
        if not isinstance(told, dict) or "error" in told or answer.status >= 400:
            raise ValueError(f"{answer.status} {json.dumps(told)[:80]}")
        return told

    async def rpc(self, agent: str, method: str, params: Json) -> Json:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        told = await self.post(f"/a2a/{agent}/", body)
        result: Json = told["result"]
        return result

    async def events(self, agent: str, method: str, params: Json) -> AsyncIterator[Json]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        url = f"{self.place.url}/a2a/{agent}/"
        async with self.http.post(url, json=body, headers=self.place.headers) as answer:
            if answer.content_type != "text/event-stream":
                raise ValueError(f"{answer.status} {(await answer.read())[:80]!r}")
            async for line in answer.content:
                if line.startswith(b"data:"):
                    told = json.loads(line[5:])
                    if "error" in told:
                        raise ValueError(str(told["error"])[:90])
                    yield told["result"]

    async def until_ended(self, agent: str, task_id: str) -> None:
        while True:
            try:
                task = await self.rpc(agent, "GetTask", {"id": task_id})
            except ValueError as error:
                if "-32001" in str(error):
                    self.wrong.append(f"the acknowledged task {task_id} is not there")
                raise
            if ended(task["status"]["state"]):
                return
            await asyncio.sleep(0.3)


def ended(state: str) -> bool:
    return state.removeprefix("TASK_STATE_") in ENDS


def message(text: str, **more: Any) -> Json:
    asked = {"messageId": f"m-{uuid.uuid4()}", "role": "ROLE_USER", "parts": [{"text": text}]}
    return asked | more


async def send(load: Load) -> None:
    agent = random.choice(("echo", "slow-echo", REMOTE))
    told = await load.rpc(agent, "SendMessage", {"message": message("hello")})
    if "task" in told and not ended(load.saw(told["task"])["status"]["state"]):
        load.counts["send handed over"] += 1  # its process was told to stop
        await load.until_ended(agent, told["task"]["id"])


async def stream(load: Load) -> None:
    wishes = (
        ("conformance", message("tck-long-running")),
        ("conformance", message("tck-stream-chunked")),
        ("slow-echo", message("x", metadata={"delay": 3})),
        (REMOTE, message("wait 3")),
    )
    agent, wish = random.choice(wishes)
    last: Json = {}
    async for told in load.events(agent, "SendStreamingMessage", {"message": wish}):
        if "task" in told:
            load.saw(told["task"])
        last = told
    status = (last.get("statusUpdate") or last.get("task") or {}).get("status")
    if "message" not in last and (not status or not ended(status["state"])):
        raise ValueError("the stream was cut")


async def dropped_stream(load: Load) -> None:
    async for told in load.events("echo", "SendStreamingMessage", {"message": message("a b c")}):
        if "task" in told:
            load.saw(told["task"])
        return


async def subscription(load: Load) -> None:
    """Of a task that any process may run, and may be killed; a cut one is counted as trouble."""
    agent = random.choice(("conformance", REMOTE))
    text = "wait 3" if agent == REMOTE else "tck-long-running"
    wish = {"message": message(text), "configuration": {"returnImmediately": True}}
    task = load.saw((await load.rpc(agent, "SendMessage", wish))["task"])
    if ended(task["status"]["state"]):
        return
    last = ""
    async for told in load.events(agent, "SubscribeToTask", {"id": task["id"]}):
        status = (told.get("statusUpdate") or told.get("task") or {}).get("status")
        last = status["state"] if status else last
    if not ended(last):
        raise ValueError("the subscription was cut")


async def polled(load: Load) -> None:
    wish = {
        "message": message("x", metadata={"delay": random.choice((0.5, 5))}),
        "configuration": {"returnImmediately": True},
    }
    task = load.saw((await load.rpc("slow-echo", "SendMessage", wish))["task"])
    await load.until_ended("slow-echo", task["id"])


async def several_turns(load: Load) -> None:
    told = await load.rpc("conformance", "SendMessage", {"message": message("tck-input-required")})
    task = load.saw(told["task"])
    if task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED":
        wish = message("here it is", taskId=task["id"])
        load.saw((await load.rpc("conformance", "SendMessage", {"message": wish}))["task"])


async def canceled(load: Load) -> None:
    wish = {"message": message("tck-cancel"), "configuration": {"returnImmediately": True}}
    task = load.saw((await load.rpc("conformance", "SendMessage", wish))["task"])
    await asyncio.sleep(random.random())
    await load.rpc("conformance", "CancelTask", {"id": task["id"]})


async def rest(load: Load) -> None:
    told = await load.post("/a2a/echo/message:send", {"message": message("hello")})
    load.saw(told["task"])


async def old(load: Load) -> None:
    said = {
        "kind": "message",
        "messageId": f"m-{uuid.uuid4()}",
        "role": "user",
        "parts": [{"kind": "text", "text": "hello"}],
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": said}}
    told = await load.post("/a2a/echo/", body, **{"A2A-Version": "0.3"})
    load.saw(told["result"])


def _grpc(agent: str, text: str, **more: Any) -> a2a_v1_pb2.SendMessageRequest:
    asked = {"tenant": agent, "message": message(text), **more}
    return ParseDict(asked, a2a_v1_pb2.SendMessageRequest())


def _metadata(load: Load) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in load.place.headers.items())


async def grpc_send(load: Load) -> None:
    told = await load.stub.SendMessage(_grpc("echo", "hello"), metadata=_metadata(load), timeout=60)
    load.saw(MessageToDict(told)["task"])


async def grpc_stream(load: Load) -> None:
    asked = _grpc("conformance", "tck-long-running")
    async for told in load.stub.SendStreamingMessage(asked, metadata=_metadata(load), timeout=60):
        event = MessageToDict(told)
        if "task" in event:
            load.saw(event["task"])


async def webhook(load: Load) -> None:
    name = uuid.uuid4().hex
    wish = {
        "message": message(random.choice(("tck-stream-chunked", "tck-complete-task"))),
        "configuration": {
            "returnImmediately": True,
            "taskPushNotificationConfig": {"url": f"{load.receiver}/{name}"},
        },
    }
    task = load.saw((await load.rpc("conformance", "SendMessage", wish))["task"])
    load.hooked[task["id"]] = name


MOVES: Final[tuple[Callable[[Load], Awaitable[None]], ...]] = (
    *(send, stream, dropped_stream, subscription, polled, several_turns, canceled),
    *(rest, old, grpc_send, grpc_stream, webhook),
)
