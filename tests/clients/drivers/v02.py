"""a2a-sdk 0.2.16, unmodified. Prints what it saw; run by tests/clients in an environment of its own.

`v02.py URL JSONRPC ORDERS`, as v10.py. This version has one binding, and cannot subscribe again.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from a2a.client import A2ACardResolver, A2AClient
from a2a.client.errors import A2AClientHTTPError
from a2a.types import (
    AgentCard,
    CancelTaskRequest,
    GetTaskPushNotificationConfigParams,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    JSONRPCErrorResponse,
    Message,
    MessageSendConfiguration,
    MessageSendParams,
    PushNotificationConfig,
    SendMessageRequest,
    SendStreamingMessageRequest,
    SetTaskPushNotificationConfigRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskIdParams,
    TaskPushNotificationConfig,
    TaskQueryParams,
    TaskStatusUpdateEvent,
    TextPart,
)

URL, _, ORDERS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
Json = dict[str, Any]


class RefusedError(Exception):
    """A JSON-RPC error; its argument is the code."""


def state(task: Any) -> str:
    return task.status.state.value.replace("-", "_")


def words(message: Message | None) -> str | None:
    return message and "".join(getattr(part.root, "text", "") for part in message.parts)


def thing(part: Any) -> Json:
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
    if isinstance(told, TaskStatusUpdateEvent):
        return state(told) + (" final" if told.final else "")
    if isinstance(told, TaskArtifactUpdateEvent):
        flags = (("append", told.append), ("lastChunk", told.last_chunk))
        return " ".join(["artifact", *(name for name, is_set in flags if is_set)])
    return "task" if isinstance(told, Task) else f"message {words(told)}"


def result(response: Any) -> Any:
    if isinstance(response.root, JSONRPCErrorResponse):
        raise RefusedError(response.root.error.code)
    return response.root.result


class Caller:
    def __init__(self, card: AgentCard, key: str | None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.client = A2AClient(httpx.AsyncClient(timeout=30, headers=headers), agent_card=card)

    def params(self, order: str, *, blocking: bool = True, **fields: Any) -> MessageSendParams:
        message = Message(
            messageId=f"{order}-{uuid.uuid4()}",
            role="user",
            parts=[TextPart(text="hello")],
            **fields,
        )
        configuration = MessageSendConfiguration(acceptedOutputModes=[], blocking=blocking)
        return MessageSendParams(message=message, configuration=configuration)

    async def send(self, order: str, **more: Any) -> Any:
        request = SendMessageRequest(id=1, params=self.params(order, **more))
        return result(await self.client.send_message(request))

    async def later(self, order: str) -> Task:
        return await self.send(order, blocking=False)

    async def stream(self, order: str) -> list[str]:
        request = SendStreamingMessageRequest(id=1, params=self.params(order))
        return [event(result(each)) async for each in self.client.send_message_streaming(request)]

    async def get(self, task_id: str, **more: Any) -> Task:
        request = GetTaskRequest(id=1, params=TaskQueryParams(id=task_id, **more))
        return result(await self.client.get_task(request))

    async def cancel(self, task_id: str) -> Task:
        request = CancelTaskRequest(id=1, params=TaskIdParams(id=task_id))
        return result(await self.client.cancel_task(request))


async def send(caller: Caller) -> Any:
    return seen(await caller.send("tck-complete-task"))


async def stream(caller: Caller) -> Any:
    return await caller.stream("tck-stream-001")


async def chunked(caller: Caller) -> Any:
    return await caller.stream("tck-stream-artifact-chunked")


async def direct(caller: Caller) -> Any:
    answer = await caller.send("tck-message-response")
    return [event(answer), answer.taskId is not None, bool(answer.contextId)]


async def direct_stream(caller: Caller) -> Any:
    return await caller.stream("tck-message-response")


async def multi_turn(caller: Caller) -> Any:
    asked = await caller.send("tck-input-required")
    answered = await caller.send("follow-up", taskId=asked.id)
    same = answered.id == asked.id and answered.contextId == asked.contextId
    return [state(asked), state(answered), same]


async def authentication(caller: Caller) -> Any:
    asked = await caller.send("tck-auth-required")
    return [state(asked), state(await caller.send("follow-up", taskId=asked.id))]


async def artifacts(caller: Caller) -> Any:
    kinds = ("text", "file", "file-url", "data")
    return {kind: seen(await caller.send(f"tck-artifact-{kind}"))["artifacts"] for kind in kinds}


async def ends(caller: Caller) -> Any:
    return [state(await caller.send(each)) for each in ("tck-task-failure", "tck-reject-task")]


async def get(caller: Caller) -> Any:
    task = await caller.send("tck-complete-task")
    short = await caller.get(task.id, historyLength=1)
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


async def push(caller: Caller) -> Any:
    task = await caller.later("tck-delayed-complete")
    config = PushNotificationConfig(url=f"{ORDERS['webhook']}/{task.id}", token="a-token")
    asked = TaskPushNotificationConfig(taskId=task.id, pushNotificationConfig=config)
    request = SetTaskPushNotificationConfigRequest(id=1, params=asked)
    made = result(await caller.client.set_task_callback(request))
    which = GetTaskPushNotificationConfigParams(
        id=task.id, pushNotificationConfigId=made.pushNotificationConfig.id
    )
    request = GetTaskPushNotificationConfigRequest(id=1, params=which)
    got = result(await caller.client.get_task_callback(request))
    return {"task": task.id, "same": got.pushNotificationConfig.url == config.url}


async def unknown_task(caller: Caller) -> Any:
    return [
        await refused(caller.get("no-such-task")),
        await refused(caller.cancel("no-such-task")),
        await refused(caller.send("tck-complete-task", taskId="no-such-task")),
    ]


async def ended_task(caller: Caller) -> Any:
    task = await caller.send("tck-complete-task")
    return await refused(caller.send("follow-up", taskId=task.id))


async def read(caller: Caller) -> Any:
    task = await caller.get(ORDERS["task"])
    more = await caller.send("tck-complete-task", contextId=task.contextId)
    return seen(task) | {"joined": more.contextId == task.contextId}


async def begin(caller: Caller) -> Any:
    return (await caller.send("tck-artifact-data")).id


async def refused(call: Awaitable[Any]) -> Any:
    try:
        await call
    except RefusedError as error:
        return error.args[0]
    except A2AClientHTTPError as error:
        return error.status_code
    return "not refused"


async def wrong_key(card: AgentCard) -> Any:
    return await refused(Caller(card, ORDERS["bad_key"]).send("tck-complete-task"))


async def no_key(card: AgentCard) -> Any:
    return seen(await Caller(card, None).send("tck-complete-task"))


def about(card: AgentCard) -> Json:
    told = card.capabilities
    return {"name": card.name, "streaming": told.streaming, "push": told.pushNotifications}


SCENARIOS: dict[str, Callable[[Caller], Awaitable[Any]]] = {
    each.__name__: each
    for each in (
        send, stream, chunked, direct, direct_stream, multi_turn, authentication, artifacts, ends,
        get, cancel, push, unknown_task, ended_task,
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
        card = await A2ACardResolver(http, URL).get_agent_card()  # at /.well-known/agent.json
    caller = Caller(card, ORDERS.get("key"))
    if ORDERS.get("scenarios"):
        calls = [tell(name, ALONE[name](caller)) for name in ORDERS["scenarios"]]
    else:
        calls = [tell(name, scenario(caller)) for name, scenario in SCENARIOS.items()]
        calls += [tell(name, scenario(card)) for name, scenario in WITH_CARD.items()]
    told = dict(await asyncio.gather(*calls))
    print(json.dumps({"card": {"saw": about(card)}, **told}))


asyncio.run(main())
