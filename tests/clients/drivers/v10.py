"""a2a-sdk 1.x, unmodified. Prints what it saw; run by tests/clients in an environment of its own.

`v10.py URL BINDING ORDERS`: ORDERS is a JSON object `{"key", "bad_key", "webhook", "jwks", "scenarios", "task"}`.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import httpx
from a2a.client import A2ACardResolver, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.client import Client
from a2a.types.a2a_pb2 import (
    AgentCard,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
)
from a2a.utils.signing import create_signature_verifier
from google.protobuf.json_format import MessageToDict, ParseDict
from jwt import PyJWK

URL, BINDING, ORDERS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
Json = dict[str, Any]


def context(key: str | None) -> ClientCallContext:
    parameters = {"Authorization": f"Bearer {key}"} if key else {}
    return ClientCallContext(timeout=30, service_parameters=parameters)


def state(task: Json) -> str:
    return str(task["status"]["state"]).removeprefix("TASK_STATE_").lower()


def words(message: Json | None) -> str | None:
    return message and "".join(part.get("text", "") for part in message["parts"])


def thing(part: Json) -> Json:
    """A part in words that every version of the protocol has."""
    if "text" in part:
        return {"text": part["text"]}
    if "data" in part:
        return {"data": part["data"]}
    held = {"bytes": part["raw"]} if "raw" in part else {"url": part["url"]}
    return held | {"name": part.get("filename"), "type": part.get("mediaType")}


def seen(task: Json) -> Json:
    return {
        "state": state(task),
        "says": words(task["status"].get("message")),
        "artifacts": [
            [thing(part) for part in each["parts"]] for each in task.get("artifacts", [])
        ],
    }


def event(response: Json) -> str:
    if "task" in response:
        return "task"
    if "message" in response:
        return f"message {words(response['message'])}"
    if "statusUpdate" in response:
        return state(response["statusUpdate"])
    update = response["artifactUpdate"]
    flags = [name for name in ("append", "lastChunk") if update.get(name)]
    return " ".join(["artifact", *flags])


class Caller:
    """The official client, streaming or not, with a key or without."""

    def __init__(self, card: AgentCard, http: httpx.AsyncClient, key: str | None) -> None:
        self.context = context(key)
        self.plain = self._client(card, http, streaming=False)
        self.streaming = self._client(card, http, streaming=True)

    def _client(self, card: AgentCard, http: httpx.AsyncClient, *, streaming: bool) -> Client:
        config = ClientConfig(
            streaming=streaming,
            httpx_client=http,
            grpc_channel_factory=grpc.aio.insecure_channel,
            supported_protocol_bindings=[BINDING],
        )
        return ClientFactory(config).create(card)

    def request(self, order: str, *, configuration: Json | None = None, **fields: Any) -> Any:
        message = {
            "messageId": f"{order}-{uuid.uuid4()}",
            "role": "ROLE_USER",
            "parts": [{"text": "hello"}],
            **fields,
        }
        told = {"message": message, "configuration": configuration or {}}
        return ParseDict(told, SendMessageRequest())

    async def send(self, order: str, **more: Any) -> Json:
        async for response in self.plain.send_message(
            self.request(order, **more), context=self.context
        ):
            return MessageToDict(response)
        raise AssertionError("no answer")

    async def task(self, order: str, **more: Any) -> Json:
        return dict((await self.send(order, **more))["task"])

    async def later(self, order: str) -> Json:
        return await self.task(order, configuration={"returnImmediately": True})

    async def stream(self, order: str, **more: Any) -> list[Json]:
        request = self.request(order, **more)
        return [
            MessageToDict(each)
            async for each in self.streaming.send_message(request, context=self.context)
        ]

    async def get(self, task_id: str, **more: Any) -> Json:
        request = GetTaskRequest(id=task_id, **more)
        return MessageToDict(await self.plain.get_task(request, context=self.context))

    async def cancel(self, task_id: str) -> Json:
        request = CancelTaskRequest(id=task_id)
        return MessageToDict(await self.plain.cancel_task(request, context=self.context))

    async def subscribe(self, task_id: str) -> AsyncIterator[Json]:
        request = SubscribeToTaskRequest(id=task_id)
        async for each in self.streaming.subscribe(request, context=self.context):
            yield MessageToDict(each)


async def send(caller: Caller) -> Any:
    return seen(await caller.task("tck-complete-task"))


async def stream(caller: Caller) -> Any:
    return [event(each) for each in await caller.stream("tck-stream-001")]


async def chunked(caller: Caller) -> Any:
    return [event(each) for each in await caller.stream("tck-stream-artifact-chunked")]


async def direct(caller: Caller) -> Any:
    answer = await caller.send("tck-message-response")
    return [event(answer), "taskId" in answer["message"], bool(answer["message"]["contextId"])]


async def direct_stream(caller: Caller) -> Any:
    return [event(each) for each in await caller.stream("tck-message-response")]


async def multi_turn(caller: Caller) -> Any:
    asked = await caller.task("tck-input-required")
    answered = await caller.task("follow-up", taskId=asked["id"])
    same = answered["id"] == asked["id"] and answered["contextId"] == asked["contextId"]
    return [state(asked), state(answered), same]


async def authentication(caller: Caller) -> Any:
    asked = await caller.task("tck-auth-required")
    return [state(asked), state(await caller.task("follow-up", taskId=asked["id"]))]


async def artifacts(caller: Caller) -> Any:
    kinds = ("text", "file", "file-url", "data")
    return {kind: seen(await caller.task(f"tck-artifact-{kind}"))["artifacts"] for kind in kinds}


async def ends(caller: Caller) -> Any:
    return [state(await caller.task(each)) for each in ("tck-task-failure", "tck-reject-task")]


async def get(caller: Caller) -> Any:
    task = await caller.task("tck-complete-task")
    short = await caller.get(task["id"], history_length=1)
    whole = await caller.get(task["id"])
    return [state(whole), len(short["history"]), whole["history"][0]["role"]]


async def listing(caller: Caller) -> Any:
    context_id = str(uuid.uuid4())
    made = [(await caller.task("tck-complete-task", contextId=context_id))["id"] for _ in range(3)]
    asked: Json = {"context_id": context_id, "page_size": 2}
    first = await caller.plain.list_tasks(ListTasksRequest(**asked), context=caller.context)
    asked["page_token"] = first.next_page_token
    last = await caller.plain.list_tasks(ListTasksRequest(**asked), context=caller.context)
    found = [task.id for task in (*first.tasks, *last.tasks)]
    return [found == made[::-1], first.total_size, len(first.tasks), last.next_page_token]


async def cancel(caller: Caller) -> Any:
    task = await caller.later("tck-cancel")
    ended = await caller.cancel(task["id"])
    return [
        state(task) in ("submitted", "working"),
        state(ended),
        await refused(caller.cancel(task["id"])),
    ]


async def subscribe(caller: Caller) -> Any:
    task = await caller.later("tck-delayed-complete")
    events = [event(each) async for each in caller.subscribe(task["id"])]
    return [events[0], events[-1]]


async def push(caller: Caller) -> Any:
    task = await caller.later("tck-delayed-complete")
    client, context = caller.plain, caller.context
    asked = TaskPushNotificationConfig(
        task_id=task["id"], url=f"{ORDERS['webhook']}/{task['id']}", token="a-token"
    )
    made = await client.create_task_push_notification_config(asked, context=context)
    which = {"task_id": task["id"], "id": made.id}
    got = await client.get_task_push_notification_config(
        GetTaskPushNotificationConfigRequest(**which), context=context
    )
    every = ListTaskPushNotificationConfigsRequest(task_id=task["id"])
    listed = await client.list_task_push_notification_configs(every, context=context)
    second = await client.create_task_push_notification_config(asked, context=context)
    await client.delete_task_push_notification_config(
        DeleteTaskPushNotificationConfigRequest(task_id=task["id"], id=second.id), context=context
    )
    left = await client.list_task_push_notification_configs(every, context=context)
    same = got.url == asked.url and got.id == made.id
    return {
        "task": task["id"],
        "same": same,
        "listed": len(listed.configs),
        "left": len(left.configs),
    }


async def unknown_task(caller: Caller) -> Any:
    return [
        await refused(caller.get("no-such-task")),
        await refused(caller.cancel("no-such-task")),
        await refused(caller.send("tck-complete-task", taskId="no-such-task")),
        await refused(anext(caller.subscribe("no-such-task"))),
    ]


async def ended_task(caller: Caller) -> Any:
    task = await caller.task("tck-complete-task")
    return [
        await refused(caller.send("follow-up", taskId=task["id"])),
        await refused(anext(caller.subscribe(task["id"]))),
    ]


async def media_type(caller: Caller) -> Any:
    parts = [{"raw": "dGNr", "mediaType": "application/x-unsupported-tck-type"}]
    return await refused(caller.send("tck-complete-task", parts=parts))


async def extended_card(caller: Caller) -> Any:
    # The client itself does not ask when the card says that there is none, and shows the card it has.
    request = GetExtendedAgentCardRequest()
    return (await caller.plain.get_extended_agent_card(request, context=caller.context)).name


async def read(caller: Caller) -> Any:
    """A task that somebody began with another version, and one more turn of its conversation."""
    task = await caller.get(ORDERS["task"])
    more = await caller.task("tck-complete-task", contextId=task["contextId"])
    return seen(task) | {"joined": more["contextId"] == task["contextId"]}


async def begin(caller: Caller) -> Any:
    return (await caller.task("tck-artifact-data"))["id"]


async def refused(call: Awaitable[Any]) -> str:
    try:
        await call
    except Exception as error:
        return type(error).__name__
    return "not refused"


async def wrong_key(card: AgentCard, http: httpx.AsyncClient) -> Any:
    bad = Caller(card, http, ORDERS["bad_key"])
    try:
        await bad.send("tck-complete-task")
    except Exception as error:
        return [type(error).__name__, str(error)]
    return "not refused"


async def no_key(card: AgentCard, http: httpx.AsyncClient) -> Any:
    """The agent is open: nobody in particular may ask it."""
    return seen(await Caller(card, http, None).task("tck-complete-task"))


async def signature(card: AgentCard, http: httpx.AsyncClient) -> Any:
    """Verified by the client's own code with the published keys; not when a word was changed."""
    keys = (await http.get(ORDERS["jwks"])).json()["keys"]

    def key_of(kid: str | None, jku: str | None) -> PyJWK:
        if jku != ORDERS["jwks"]:
            raise AssertionError(f"the keys are said to be at {jku}")
        return PyJWK(next(key for key in keys if key["kid"] == kid))

    verify = create_signature_verifier(key_of, ["ES256", "EdDSA"])
    verify(card)
    forged = AgentCard()
    forged.CopyFrom(card)
    forged.description = "Trust me."
    try:
        verify(forged)
    except Exception as error:
        return ["verified", type(error).__name__]
    return "the forged card was verified"


def about(card: AgentCard) -> Json:
    told = card.capabilities
    return {"name": card.name, "streaming": told.streaming, "push": told.push_notifications}


SCENARIOS: dict[str, Callable[[Caller], Awaitable[Any]]] = {
    each.__name__: each
    for each in (
        send, stream, chunked, direct, direct_stream, multi_turn, authentication, artifacts, ends,
        get, listing, cancel, subscribe, push, unknown_task, ended_task, media_type, extended_card,
    )
}  # fmt: skip
WITH_CARD = {each.__name__: each for each in (wrong_key, no_key, signature)}
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
        caller = Caller(card, http, ORDERS.get("key"))
        if ORDERS.get("scenarios"):
            calls = [tell(name, ALONE[name](caller)) for name in ORDERS["scenarios"]]
        else:
            calls = [tell(name, scenario(caller)) for name, scenario in SCENARIOS.items()]
            calls += [tell(name, scenario(card, http)) for name, scenario in WITH_CARD.items()]
        told = dict(await asyncio.gather(*calls))
        print(json.dumps({"card": {"saw": about(card)}, **told}))


asyncio.run(main())
