"""Every shape that `process` may have, chosen by the message's text: what the contract tests talk to."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from agentx_sdk import (
    Adapter,
    Agent,
    Artifact,
    AuthRequired,
    ConfigError,
    DirectMessage,
    InputRequired,
    Message,
    Model,
    Part,
    Reply,
    Status,
    TaskFailed,
    Tool,
    Turn,
    run,
)

logger = logging.getLogger("shapes")


async def tokens(turn: Turn) -> AsyncIterator[Any]:
    """Yields, and writes to a file when it was closed before its end."""
    try:
        for word in ("one ", "two ", "three"):
            yield word
            await asyncio.sleep(float(turn.metadata.get("pause", 0)))
    except (asyncio.CancelledError, GeneratorExit):
        note(turn, "closed")
        raise


def blocking_tokens() -> Iterator[Any]:
    """A plain generator, each step in a thread."""
    for word in ("thread ", "by ", "thread"):
        assert threading.current_thread() is not threading.main_thread()
        yield word


async def mixed() -> AsyncIterator[Any]:
    yield Status("thinking", metadata={"step": 1})
    yield "some "
    yield {"n": 1}
    yield "text"
    yield Artifact("a file", name="report", artifact_id="r1", last_chunk=False)
    yield Artifact(" and more", artifact_id="r1", append=True)
    yield InputRequired("go on?")
    yield "never sent"


async def authorised() -> AsyncIterator[Any]:
    yield AuthRequired("log in there")
    yield "thank you"


async def asks() -> AsyncIterator[Any]:
    yield AuthRequired("log in there")


async def too_direct() -> AsyncIterator[Any]:
    yield Status("thinking")
    yield DirectMessage("after all")


async def breaks() -> AsyncIterator[Any]:
    yield "some"
    raise TaskFailed("half way", code="half_way")


async def block(seconds: float) -> None:
    """The mistake that stops an event loop."""
    time.sleep(seconds)  # noqa: ASYNC251


async def log_everywhere() -> str:
    """In the loop, in its threads, and in a task of its own."""

    async def task() -> None:
        logger.warning("spread: task")

    logger.warning("spread: loop")
    await asyncio.to_thread(logger.warning, "spread: thread")
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, logger.warning, "spread: executor")
    await asyncio.create_task(task())
    return "logged"


def note(turn: Turn, word: str) -> None:
    path = turn.metadata.get("note")
    if path:
        Path(path).write_text(word)


def about(turn: Turn) -> dict[str, Any]:
    """What the turn tells its author."""
    return {
        "text": turn.text,
        "kinds": [part.kind for part in turn.parts],
        "metadata": turn.metadata,
        "config": turn.config,
        "task": turn.task_id,
        "context": turn.context_id,
        "agent": turn.agent.id,
        "caller": turn.caller,
        "history": [[message.role, message.text] for message in turn.history],
        "seconds_left": turn.seconds_left,
        "modes": turn.accepted_output_modes,
        "cancelled": turn.cancelled,
    }


class Shapes(Adapter):
    version = "2.0.0"
    framework = "shapes"
    capabilities = ("shapes",)
    skills = ({"id": "shape", "name": "Shape", "description": "any", "tags": ["test"]},)
    secret_fields = ("hidden",)

    def __init__(self) -> None:
        self.sick = ""

    def process(self, turn: Turn) -> Any:
        """Plain, so it runs in a thread, and may still give a coroutine or a generator."""
        shapes = {
            "none": lambda: None,
            "dict": lambda: {"a": [1, None]},
            "reply": lambda: Reply("see", {"k": 1}, metadata={"m": 1}),
            "artifact": lambda: Artifact("x", name="doc", description="d"),
            "message": lambda: Message("direct"),
            "file": lambda: Part(raw=b"\x00\xff", media_type="image/png", filename="p.png"),
            "input": lambda: InputRequired("which?"),
            "auth": lambda: AuthRequired("log in there"),
            "authorised": authorised,
            "asks": asks,
            "direct": lambda: DirectMessage("no task"),
            "too direct": too_direct,
            "tokens": lambda: tokens(turn),
            "blocking tokens": blocking_tokens,
            "mixed": mixed,
            "breaks": breaks,
            "object": object,
            "state": lambda: Status("?", state="nonsense"),
            "print": lambda: print("a banner") or "printed",  # noqa: T201
            "log": lambda: logger.warning("look at %s", "this") or "logged",
            "log everywhere": log_everywhere,
            "about": lambda: about(turn),
            "bug": lambda: {}["missing"],
            "pid": lambda: str(os.getpid()),
            "environment": lambda: dict(os.environ),
            "big": lambda: "x" * (17 * 1024 * 1024),
            "spin": lambda: self.spin(turn),
            "nap": lambda: time.sleep(float(turn.metadata["seconds"])),
            "block": lambda: block(float(turn.metadata["seconds"])),
            "remember": lambda: self.state.update(turn.metadata) or "kept",
            "recall": lambda: dict(self.state),
            "sicken": lambda: setattr(self, "sick", "a cold"),
        }
        return shapes.get(turn.text.partition(":")[0], lambda: turn.text)()

    def spin(self, turn: Turn) -> str:
        until = time.monotonic() + 20
        while time.monotonic() < until and not turn.cancelled:
            time.sleep(0.01)
        note(turn, "noticed" if turn.cancelled else "never")
        return "done"

    async def initialize(self, config: dict[str, Any]) -> None:
        if config.get("bad"):
            raise ConfigError("bad is set", {"bad": "must not be set"})

    def create_agent(self, agent: Agent) -> None:
        if agent.config.get("bad"):
            raise ConfigError("bad is set", {"bad": "must not be set"})

    def card(self, agent: Agent) -> dict[str, Any]:
        return {"capabilities": {"pushNotifications": agent.config.get("colour") == "red"}}

    def validate_config(self, config: dict[str, Any], agent: Agent | None) -> None:
        if "never" in config:
            raise ConfigError("never is set", {"never": "must not be set"})

    def update_config(self, config: dict[str, Any], agent: Agent | None) -> bool:
        if "bad" in config:
            raise ConfigError("bad is set", {"bad": "must not be set"})
        return "later" in config

    def health(self) -> str:
        return self.sick

    def models(self, agent: Agent | None) -> list[Any]:
        return ["small", Model("large", provider="us", metadata={"context": 8})]

    def tools(self, agent: Agent | None) -> list[Tool]:
        def fail() -> None:
            raise TaskFailed("no luck", code="luck")

        def say() -> None:
            logger.warning("spread: tool")

        return [
            Tool("say", say),
            Tool("add", lambda a, b: a + b, "Adds.", {"type": "object", "required": ["a", "b"]}),
            Tool("fail", fail),
        ]

    async def shutdown(self) -> None:
        logger.info("shapes shut down")


if __name__ == "__main__":
    run(Shapes())
