"""Conformance: does what a message's id, or the beginning of its text, orders, so that A2A itself can be tested."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from agentx_sdk import (
    Adapter,
    Agent,
    Artifact,
    AuthRequired,
    DirectMessage,
    InputRequired,
    Part,
    Status,
    TaskFailed,
    TaskRejected,
    Turn,
    run,
)

Events = AsyncIterator[Any]
LONG_SECONDS: Final = 5.0
RESUBSCRIBE_SECONDS: Final = 4.0
DELAY_SECONDS: Final = 2.0
THERE_IS_MORE: Final = ("tck-multi-turn", "here is more")
FILE: Final = {"filename": "output.txt", "media_type": "text/plain"}
REQUIRED_EXTENSION: Final = {
    "uri": "urn:a2a:tck:required-extension",
    "description": "Callers must say that they know it.",
    "required": True,
}
PROFILES: Final[dict[str, dict[str, Any]]] = {
    "full": {"streaming": True, "pushNotifications": True},
    "minimal": {"streaming": False, "pushNotifications": False},
    "required-extension": {
        "streaming": True,
        "pushNotifications": True,
        "extensions": [REQUIRED_EXTENSION],
    },
}


def completed(text: str) -> Status:
    return Status(text, state="completed")


async def complete(turn: Turn) -> Events:
    yield completed("Hello from TCK")


async def anything_else(turn: Turn) -> Events:
    yield completed(f"Done: {turn.text}" if turn.text else "Done.")


async def delayed(turn: Turn) -> Events:
    yield Status("Working on it.")
    await asyncio.sleep(DELAY_SECONDS)
    yield completed("Done after delay")


async def direct(turn: Turn) -> Events:
    """A follow-up has a task already, and gets its answer there."""
    yield (
        completed("Direct message response")
        if turn.history
        else DirectMessage("Direct message response")
    )


async def reject(turn: Turn) -> Events:
    raise TaskRejected("rejected")
    yield


async def fail(turn: Turn) -> Events:
    raise TaskFailed("asked to fail", code="asked_to_fail")
    yield


async def ask_for_input(turn: Turn) -> Events:
    yield completed("Thank you for the input.") if turn.history else InputRequired("More, please.")


async def ask_for_turns(turn: Turn) -> Events:
    """Asks again who says that there is more, as the public scenarios have it."""
    is_answered = turn.history and not first_text(turn.parts).startswith(THERE_IS_MORE)
    yield completed("Thank you for everything.") if is_answered else InputRequired("More, please.")


async def ask_for_authentication(turn: Turn) -> Events:
    question = AuthRequired("Sign in elsewhere, then say so.")
    yield completed("You are authenticated.") if turn.history else question


async def work_until_cancelled(turn: Turn) -> Events:
    yield Status("Waiting to be cancelled.")
    await asyncio.Event().wait()


async def long_running(turn: Turn) -> Events:
    yield Status("This takes a while.")
    await asyncio.sleep(LONG_SECONDS)
    yield Artifact("long running result", name="result")
    yield completed("Done after a while.")


async def resubscribe(turn: Turn) -> Events:
    yield Status("Working on it.")
    await asyncio.sleep(RESUBSCRIBE_SECONDS)
    yield completed("Done.")


async def chunks(turn: Turn) -> Events:
    yield Status("Working on it.")
    which = f"chunks-{turn.message_id}"
    yield Artifact("chunk-1 ", name="chunks", artifact_id=which, last_chunk=False)
    yield Artifact("chunk-2", name="chunks", artifact_id=which, append=True)
    yield completed("Both chunks were sent.")


def artifact(content: Any) -> Callable[[Turn], Events]:
    async def make(turn: Turn) -> Events:
        yield Artifact(content, name="artifact")
        yield completed("The artifact is there.")

    return make


def streamed(content: Any) -> Callable[[Turn], Events]:
    async def work(turn: Turn) -> Events:
        yield Status("Working on it.")
        yield Artifact(content, name="artifact")
        yield completed("Everything was sent.")

    return work


ORDERS: Final[dict[str, Callable[[Turn], Events]]] = {
    "tck-complete-task": complete,
    "tck-delayed-complete": delayed,
    "tck-input-required": ask_for_input,
    "tck-multi-turn": ask_for_turns,
    "tck-auth-required": ask_for_authentication,
    "tck-message-response": direct,
    "tck-reject-task": reject,
    "tck-task-failure": fail,
    "tck-cancel": work_until_cancelled,
    "tck-long-running": long_running,
    "test-resubscribe-message-id": resubscribe,
    "tck-artifact-text": artifact("Generated text content"),
    "tck-artifact-file": artifact(Part(raw=b"tck", **FILE)),
    "tck-artifact-file-url": artifact(Part(url="https://example.com/output.txt", **FILE)),
    "tck-artifact-data": artifact({"key": "value", "count": 42}),
    "tck-stream-001": streamed("Stream hello from TCK"),
    "tck-stream-002": complete,
    "tck-stream-003": streamed("Stream task lifecycle"),
    "tck-stream-basic": streamed("Streamed content"),
    "tck-stream-ordering-001": streamed("Ordered output"),
    "tck-stream-artifact-text": streamed("Streamed text content"),
    "tck-stream-artifact-file": streamed(Part(raw=b"tck", **FILE)),
    "tck-stream-artifact-chunked": chunks,
    "tck-stream-chunked": chunks,
}
LONGEST_FIRST: Final = sorted(ORDERS, key=len, reverse=True)


def order(message_id: str, text: str) -> str | None:
    """The prefix that a message begins with: of its id, else of its first text part."""
    for told in (message_id, text.strip()):
        for prefix in LONGEST_FIRST:
            if told.startswith(prefix):
                return prefix
    return None


def order_of(turn: Turn) -> str | None:
    """A follow-up that orders nothing belongs to what its task was begun with."""
    named = order(turn.message_id, first_text(turn.parts))
    for message in turn.history:
        named = named or order(message.message_id, first_text(message.parts))
    return named


def first_text(parts: list[Part]) -> str:
    return next((part.text for part in parts if part.text is not None), "")


@dataclass
class Config:
    """Which card it shows, and so which operations it has."""

    profile: Annotated[Literal["full", "minimal", "required-extension"], "Which card it shows."] = (
        "full"
    )


class Conformance(Adapter):
    """One agent. `profile` of the plugin's configuration chooses its card."""

    version = "1.0.0"
    Config = Config
    capabilities = ("text", "data", "files", "streaming", "multi-turn", "conformance")
    input_modes = output_modes = ("text/plain", "application/json")

    def initialize(self, config: Config) -> None:
        """Nothing to do: but with other configuration its card is another, which is read at its start."""

    def card(self, agent: Agent) -> dict[str, Any]:
        return {"capabilities": PROFILES[self.config.profile]}

    async def process(self, turn: Turn) -> Events:
        return ORDERS.get(order_of(turn) or "", anything_else)(turn)


if __name__ == "__main__":
    run(Conformance())
