"""Other agents, asked by A2A 1.0 (HTTP+JSON) through AgentX in the name of the turn's caller."""

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2

from agentx_sdk.errors import TaskFailed
from agentx_sdk.turn import Turn

logger = logging.getLogger("agentx_sdk.llm.remote")

NOT_ASKED = "agent_not_asked"
INTERRUPTED = ("TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED")
CANCEL_SECONDS = 5.0
CONNECT_SECONDS = 5.0
NAMESPACE = uuid.UUID("8f7f9d5e-6a55-5c0e-9d4c-0f1f0c7c6a1e")


@dataclass
class Reply:
    """What an agent answered: A2A parts of its artifacts and of its last status."""

    state: str = ""
    task_id: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)
    words: str = ""

    @property
    def waits(self) -> bool:
        """Whether it asks for more before it goes on."""
        return self.state in INTERRUPTED


class Remote:
    """One client for all turns of the process. Use from one event loop; close it in the end."""

    def __init__(self) -> None:
        self._client: httpx2.AsyncClient | None = None
        self._cancelling: set[asyncio.Task[None]] = set()

    async def ask(self, turn: Turn, agent: str, text: str, *, task_id: str = "") -> Reply:
        """Say `text` to `agent`; with `task_id`, as the answer that this task waits for.

        Cancelled, it cancels the other agent's task too. Raises `TaskFailed` when it cannot be asked.
        """
        if not turn.agentx_url or not turn.token:
            raise TaskFailed(f"AgentX gave no way to ask the agent {agent}", NOT_ASKED)
        base = f"{turn.agentx_url.rstrip('/')}/a2a/{quote(agent, safe='')}"
        asked = Reply(task_id=task_id)
        try:
            async for event in self._events(turn, agent, base, _body(turn, text, task_id)):
                _take(asked, event)
        except asyncio.CancelledError:
            self._cancel(turn, base, asked)
            raise
        except httpx2.HTTPError as error:
            told = f"the agent {agent} cannot be asked: {type(error).__name__}: {error}"
            raise TaskFailed(told, NOT_ASKED) from None
        return asked

    async def _events(
        self, turn: Turn, agent: str, base: str, body: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        left = turn.seconds_left
        timeout = httpx2.Timeout(left if left is not None else None, connect=CONNECT_SECONDS)
        asking = self._http().stream(
            "POST", f"{base}/message:stream", json=body, headers=_headers(turn), timeout=timeout
        )
        async with asking as response:
            if response.status_code >= 400:
                told = _refusal(await response.aread())
                raise TaskFailed(f"the agent {agent} cannot be asked: {told}", NOT_ASKED)
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])

    def _cancel(self, turn: Turn, base: str, asked: Reply) -> None:
        """Nobody waits for it any more: its task would go on for nothing."""
        if asked.task_id and not asked.waits:
            task = asyncio.create_task(
                self._cancelled(turn, f"{base}/tasks/{asked.task_id}:cancel")
            )
            self._cancelling.add(task)
            task.add_done_callback(self._cancelling.discard)

    async def _cancelled(self, turn: Turn, url: str) -> None:
        try:
            await self._http().post(url, json={}, headers=_headers(turn), timeout=CANCEL_SECONDS)
        except httpx2.HTTPError as error:
            logger.warning("the task at %s could not be cancelled: %s", url, error)

    def _http(self) -> httpx2.AsyncClient:
        if self._client is None:
            limits = httpx2.Limits(max_connections=256, max_keepalive_connections=32)
            self._client = httpx2.AsyncClient(limits=limits)
        return self._client

    async def close(self) -> None:
        """Wait for what is being cancelled, and let the connections go."""
        await asyncio.gather(*self._cancelling, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()


def _headers(turn: Turn) -> dict[str, str]:
    trace = {"traceparent": turn.traceparent} if turn.traceparent else {}
    return {"Authorization": f"Bearer {turn.token}", "A2A-Version": "1.0", **trace}


def _body(turn: Turn, text: str, task_id: str) -> dict[str, Any]:
    """In a conversation of its own, which follows from ours: two agents that ask each other must not wait for themselves."""
    message: dict[str, Any] = {
        "messageId": str(uuid.uuid4()),
        "role": "ROLE_USER",
        "parts": [{"text": text}],
        "referenceTaskIds": [turn.task_id],
    }
    if task_id:
        message["taskId"] = task_id
    elif turn.context_id:
        message["contextId"] = str(uuid.uuid5(NAMESPACE, f"{turn.context_id}/{turn.agent.id}"))
    return {"message": message}


def _take(asked: Reply, event: dict[str, Any]) -> None:
    """One event of the stream, added to what is known."""
    if task := event.get("task"):
        asked.task_id = task["id"]
        asked.parts = [part for each in task.get("artifacts") or () for part in each["parts"]]
        _take_status(asked, task["status"])
    elif update := event.get("statusUpdate"):
        asked.task_id = update.get("taskId") or asked.task_id
        _take_status(asked, update["status"])
    elif update := event.get("artifactUpdate"):
        asked.parts += update["artifact"]["parts"]
    elif message := event.get("message"):
        asked.state, asked.parts = "TASK_STATE_COMPLETED", message["parts"]


def _take_status(asked: Reply, status: dict[str, Any]) -> None:
    asked.state = status["state"]
    message = status.get("message") or {}
    asked.words = "\n".join(part["text"] for part in message.get("parts") or () if "text" in part)


def reply_of(reply: Reply) -> Any:
    """What a model is told of it. Raises `TaskFailed` when the agent failed."""
    if reply.waits:
        return f"The agent asks before it goes on: {reply.words}"
    if reply.state != "TASK_STATE_COMPLETED":
        state = reply.state.removeprefix("TASK_STATE_").lower().replace("_", " ") or "gone"
        raise TaskFailed(f"the agent's task is {state}: {reply.words}", "agent_failed")
    texts = [part["text"] for part in reply.parts if "text" in part]
    data = [part["data"] for part in reply.parts if "data" in part]
    text = "".join(texts)
    return {"text": text, "data": data} if data else text or reply.words


def _refusal(body: bytes) -> str:
    """The words of an A2A error, or of whatever answered in its place."""
    try:
        told = json.loads(body)
    except ValueError:
        return body[:300].decode(errors="replace")
    error = told.get("error", told) if isinstance(told, dict) else {}
    return str(error.get("message") or error.get("detail") or error)[:300]
