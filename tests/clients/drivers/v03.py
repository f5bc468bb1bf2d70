"""a2a-sdk 0.3, unmodified. Prints what it saw; run by tests/clients in an environment of its own.

`v03.py URL BINDING ORDERS`, as v10.py.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientHTTPError, A2AClientJSONRPCError
from a2a.types import (
    AgentCard,
    AgentInterface,
    FilePart,
    FileWithBytes,
    GetTaskPushNotificationConfigParams,
    Message,
    Part,
    PushNotificationConfig,
    Task,
    TaskArtifactUpdateEvent,
    TaskIdParams,
    TaskPushNotificationConfig,
    TaskQueryParams,
    TextPart,
    TransportProtocol,
)

URL, BINDING, ORDERS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
Json = dict[str, Any]


class Told:
    """gRPC's own way to send credentials, and in 0.3 to say which agent of a host is meant."""

    def __init__(self, key: str | None) -> None:
        self.metadata = [("x-agentx-agent", "conformance")]
        if key:
            self.metadata.append(("authorization", f"Bearer {key}"))

    def on(self, details: Any) -> Any:
        return details._replace(
            metadata=grpc.aio.Metadata(*(details.metadata or ()), *self.metadata)
        )


class Unary(Told, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, proceed: Any, details: Any, request: Any) -> Any:
        return await proceed(self.on(details), request)


class Stream(Told, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, proceed: Any, details: Any, request: Any) -> Any:
        return await proceed(self.on(details), request)


def channel(key: str | None) -> Callable[[str], grpc.aio.Channel]:
    return lambda url: grpc.aio.insecure_channel(url, interceptors=[Unary(key), Stream(key)])


def state(task: Any) -> str:
    return task.status.state.value.replace("-", "_")


def words(message: Message | None) -> str | None:
    return message and "".join(getattr(part.root, "text", "") for part in message.parts)


def thing(part: Part) -> Json:
    told = part.root.model_dump(mode="json", by_alias=True, exclude_none=True)
    if told["kind"] != "file":
        return {told["kind"]: told[told["kind"]]}
    file = told["file"]
    held = {"bytes": file["bytes"]} if "bytes" in file else {"url": file["uri"]}
    return held | {"name": file.get("name"), "type": file.get("mimeType")}


def seen(task: Task) -> Json:
    artifacts = [[thing(part) for part in each.parts] for each in task.artifacts or ()]
    return {"state": state(task), "says": words(task.status.message), "artifacts": artifacts}


def event(told: Any) -> str:
    if isinstance(told, Message):
        return f"message {words(told)}"
    _, update = told
    if update is None:
        return "task"
    if not isinstance(update, TaskArtifactUpdateEvent):
        return state(update) + (" final" if update.final else "")
    return " ".join(
        [
            "artifact",
            *(["append"] if update.append else []),
            *(["lastChunk"] if update.last_chunk else []),
        ]
    )


class Caller:
    def __init__(self, card: AgentCard, key: str | None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.AsyncClient(timeout=30, headers=headers)
        self.channel = channel(key)
        self.plain, self.streaming = (
            self._client(card, streaming=False),
            self._client(card, streaming=True),
        )
        self.polling = self._client(card, streaming=False, polling=True)

    def _client(self, card: AgentCard, **how: bool) -> Any:
        config = ClientConfig(
            httpx_client=self.http,
            grpc_channel_factory=self.channel,
            supported_transports=[TransportProtocol(BINDING)],
            **how,
        )
        return ClientFactory(config).create(card)

    def message(self, order: str, **fields: Any) -> Message:
        told = {"parts": [Part(root=TextPart(text="hello"))], "role": "user"} | fields
        return Message(message_id=f"{order}-{uuid.uuid4()}", **told)

    async def send(self, order: str, client: Any = None, **more: Any) -> Any:
        async for told in (client or self.plain).send_message(self.message(order, **more)):
            return told if isinstance(told, Message) else told[0]
        raise AssertionError("no answer")

    async def later(self, order: str) -> Task:
        return await self.send(order, self.polling)

    async def stream(self, order: str) -> list[str]:
        return [event(each) async for each in self.streaming.send_message(self.message(order))]

    async def get(self, task_id: str, **more: Any) -> Task:
        return await self.plain.get_task(TaskQueryParams(id=task_id, **more))

    async def cancel(self, task_id: str) -> Task:
        return await self.plain.cancel_task(TaskIdParams(id=task_id))

    async def subscribe(self, task_id: str) -> AsyncIterator[Any]:
        async for each in self.streaming.resubscribe(TaskIdParams(id=task_id)):
            yield each


async def send(caller: Caller) -> Any:
    return seen(await caller.send("tck-complete-task"))


async def stream(caller: Caller) -> Any:
    return await caller.stream("tck-stream-001")


async def chunked(caller: Caller) -> Any:
    return await caller.stream("tck-stream-artifact-chunked")


async def direct(caller: Caller) -> Any:
    answer = await caller.send("tck-message-response")
    return [event(answer), answer.task_id is not None, bool(answer.context_id)]


async def direct_stream(caller: Caller) -> Any:
    return await caller.stream("tck-message-response")


async def multi_turn(caller: Caller) -> Any:
    asked = await caller.send("tck-input-required")
    answered = await caller.send("follow-up", task_id=asked.id)
    same = answered.id == asked.id and answered.context_id == asked.context_id
    return [state(asked), state(answered), same]


async def authentication(caller: Caller) -> Any:
    asked = await caller.send("tck-auth-required")
    return [state(asked), state(await caller.send("follow-up", task_id=asked.id))]


async def artifacts(caller: Caller) -> Any:
    kinds = ("text", "file", "file-url", "data")
    return {kind: seen(await caller.send(f"tck-artifact-{kind}"))["artifacts"] for kind in kinds}


async def ends(caller: Caller) -> Any:
    return [state(await caller.send(each)) for each in ("tck-task-failure", "tck-reject-task")]


async def get(caller: Caller) -> Any:
    task = await caller.send("tck-complete-task")
    short = await caller.get(task.id, history_length=1)
    whole = await caller.get(task.id)
    return [state(whole), len(short.history), whole.history[0].role.value]


async def cancel(caller: Caller) -> Any:
    task = await caller.later("tck-cancel")
    ended = await caller.cancel(task.id)
    return [
        state(task) in ("submitted", "working"),
        state(ended),
        await refused(caller.cancel(task.id)),
    ]


async def subscribe(caller: Caller) -> Any:
    task = await caller.later("tck-delayed-complete")
    events = [event(each) async for each in caller.subscribe(task.id)]
    return [events[0], events[-1]]


async def push(caller: Caller) -> Any:
    task = await caller.later("tck-delayed-complete")
    config = PushNotificationConfig(url=f"{ORDERS['webhook']}/{task.id}", token="a-token")
    asked = TaskPushNotificationConfig(task_id=task.id, push_notification_config=config)
    made = await caller.plain.set_task_callback(asked)
    which = GetTaskPushNotificationConfigParams(
        id=task.id, push_notification_config_id=made.push_notification_config.id
    )
    got = await caller.plain.get_task_callback(which)
    return {"task": task.id, "same": got.push_notification_config.url == config.url}


async def unknown_task(caller: Caller) -> Any:
    return [
        await refused(caller.get("no-such-task")),
        await refused(caller.cancel("no-such-task")),
        await refused(caller.send("tck-complete-task", task_id="no-such-task")),
        await refused(anext(caller.subscribe("no-such-task"))),
    ]


async def ended_task(caller: Caller) -> Any:
    task = await caller.send("tck-complete-task")
    return await refused(caller.send("follow-up", task_id=task.id))


async def media_type(caller: Caller) -> Any:
    file = FileWithBytes(bytes="dGNr", mime_type="application/x-unsupported-tck-type")
    parts = [Part(root=FilePart(file=file))]
    return await refused(caller.send("tck-complete-task", parts=parts))


async def read(caller: Caller) -> Any:
    task = await caller.get(ORDERS["task"])
    more = await caller.send("tck-complete-task", context_id=task.context_id)
    return seen(task) | {"joined": more.context_id == task.context_id}


async def begin(caller: Caller) -> Any:
    return (await caller.send("tck-artifact-data")).id


async def refused(call: Awaitable[Any]) -> Any:
    try:
        await call
    except A2AClientJSONRPCError as error:
        return error.error.code
    except A2AClientHTTPError as error:
        return error.status_code
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "not refused"


async def wrong_key(card: AgentCard) -> Any:
    return await refused(Caller(card, ORDERS["bad_key"]).send("tck-complete-task"))


async def no_key(card: AgentCard) -> Any:
    return seen(await Caller(card, None).send("tck-complete-task"))


def about(card: AgentCard) -> Json:
    told = card.capabilities
    return {"name": card.name, "streaming": told.streaming, "push": told.push_notifications}


SCENARIOS: dict[str, Callable[[Caller], Awaitable[Any]]] = {
    each.__name__: each
    for each in (
        send, stream, chunked, direct, direct_stream, multi_turn, authentication, artifacts, ends,
        get, cancel, subscribe, push, unknown_task, ended_task, media_type,
    )
}  # fmt: skip
WITH_CARD = {each.__name__: each for each in (wrong_key, no_key)}
ALONE = {"read": read, "begin": begin}


async def tell(name: str, call: Awaitable[Any]) -> tuple[str, Json]:
    try:
        async with asyncio.timeout(30):
            return name, {"saw": await call}
    except Exception as error:
        return name, {"failed": f"{type(error).__name__}: {error}"}


async def main() -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        card = await A2ACardResolver(http, URL).get_agent_card()
    if BINDING == "GRPC":
        # One port serves every agent and 0.3 cannot say which, so cards do not list it: clients are told.
        gateway = AgentInterface(transport=TransportProtocol.grpc, url=ORDERS["grpc"])
        card.additional_interfaces = [*(card.additional_interfaces or ()), gateway]
    caller = Caller(card, ORDERS.get("key"))
    if ORDERS.get("scenarios"):
        calls = [tell(name, ALONE[name](caller)) for name in ORDERS["scenarios"]]
    else:
        calls = [tell(name, scenario(caller)) for name, scenario in SCENARIOS.items()]
        calls += [tell(name, scenario(card)) for name, scenario in WITH_CARD.items()]
    told = dict(await asyncio.gather(*calls))
    print(json.dumps({"card": {"saw": about(card)}, **told}))


asyncio.run(main())
