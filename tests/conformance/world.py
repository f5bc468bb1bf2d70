"""What a check has at hand: one binding of the running agent, and the words for what it does with it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from tests.clients.hooks import Hook
from tests.clients.served import Served
from tests.conformance.bindings import DOMAIN, Binding, Json, JsonRpc, RefusedError, Rest

# The error table (specification 5.4): reason -> JSON-RPC code, HTTP status, gRPC status.
ERRORS: Final = {
    "TASK_NOT_FOUND": (-32001, 404, "NOT_FOUND"),
    "TASK_NOT_CANCELABLE": (-32002, 400, "FAILED_PRECONDITION"),
    "PUSH_NOTIFICATION_NOT_SUPPORTED": (-32003, 400, "FAILED_PRECONDITION"),
    "UNSUPPORTED_OPERATION": (-32004, 400, "FAILED_PRECONDITION"),
    "CONTENT_TYPE_NOT_SUPPORTED": (-32005, 400, "INVALID_ARGUMENT"),
    "EXTENDED_AGENT_CARD_NOT_CONFIGURED": (-32007, 400, "FAILED_PRECONDITION"),
    "EXTENSION_SUPPORT_REQUIRED": (-32008, 400, "FAILED_PRECONDITION"),
    "VERSION_NOT_SUPPORTED": (-32009, 400, "FAILED_PRECONDITION"),
    "INVALID_PARAMS": (-32602, 400, "INVALID_ARGUMENT"),
}
COLUMNS: Final = {"JSONRPC": 0, "HTTP+JSON": 1, "GRPC": 2}


def message(order: str, **fields: Any) -> Json:
    """A user's message that orders something of the agent."""
    told = {
        "messageId": f"{order}-{uuid.uuid4()}",
        "role": "ROLE_USER",
        "parts": [{"text": "hello"}],
    }
    return told | fields


def state(task: Json) -> str:
    return str(task["status"]["state"])


@dataclass
class World:
    """`binding` is the one under test; `rest` and `rpc` are for checks of one of them; `other_key` is somebody else's."""

    served: Served
    hook: Hook
    binding: Binding
    rpc: JsonRpc
    rest: Rest
    other_key: str

    async def send(self, order: str, configuration: Json | None = None, **fields: Any) -> Json:
        """SendMessage; its response."""
        given: Json = {"message": message(order, **fields)}
        if configuration:
            given["configuration"] = configuration
        return dict(await self.binding.call("SendMessage", given))

    async def task(self, order: str, configuration: Json | None = None, **fields: Any) -> Json:
        return dict((await self.send(order, configuration, **fields))["task"])

    async def later(self, order: str, **fields: Any) -> Json:
        return await self.task(order, {"returnImmediately": True}, **fields)

    async def get(self, task_id: str, **more: Any) -> Json:
        return dict(await self.binding.call("GetTask", {"id": task_id, **more}))

    async def cancel(self, task_id: str) -> Json:
        return dict(await self.binding.call("CancelTask", {"id": task_id}))

    async def stream(self, order: str, **fields: Any) -> list[Json]:
        """SendStreamingMessage; every response of it."""
        given = {"message": message(order, **fields)}
        return [each async for each in self.binding.stream("SendStreamingMessage", given)]

    def follow(self, task_id: str) -> AsyncIterator[Json]:
        return self.binding.stream("SubscribeToTask", {"id": task_id})

    async def first(self, responses: AsyncIterator[Json]) -> Json:
        """The first response, and away."""
        async with aclosing(responses) as stream:  # type: ignore[type-var]
            return await anext(stream)

    async def refused(self, call: Awaitable[Any], reason: str) -> RefusedError:
        """The call is refused, as the table says for this binding."""
        try:
            answer = await call
        except RefusedError as refusal:
            assert refusal.reason == reason, refusal
            assert refusal.code == ERRORS[reason][COLUMNS[self.binding.name]], refusal
            assert refusal.info["domain"] == DOMAIN, refusal
            assert refusal.message, refusal
            return refusal
        raise AssertionError(f"expected {reason}, got {answer}")

    async def listed(self, context_id: str, **more: Any) -> Json:
        return dict(await self.binding.call("ListTasks", {"contextId": context_id, **more}))

    async def context_of(
        self, count: int, order: str = "tck-complete-task"
    ) -> tuple[str, list[str]]:
        """A new conversation with so many tasks, oldest first."""
        context_id = str(uuid.uuid4())
        tasks = [await self.task(order, contextId=context_id) for _ in range(count)]
        return context_id, [task["id"] for task in tasks]

    async def hear(
        self, name: str, words: str, within: float = 20.0
    ) -> list[tuple[Json, dict[str, str]]]:
        """What the webhook `name` was told, once it was told those words."""
        heard = self.hook.heard[name]
        async with asyncio.timeout(within):
            while not any(words in str(told) for told, _ in heard):  # noqa: ASYNC110 - a thread hears it
                await asyncio.sleep(0.05)
        return list(heard)
