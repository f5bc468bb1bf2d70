"""The core without a door, with an agent whose every word a test says. Journal, runs, feeds, Postgres and Redis are real."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.target import Target
from plugins_app.models import Plugin
from routing.delivery import Switchboard
from routing.delivery.operations import Operations
from routing.delivery.switchboard import _end
from routing.requests import Send
from tests.factories import make_agent, make_instance, make_plugin

Json = dict[str, Any]
END = object()


def make_scripted(slug: str = "scripted", **fields: Any) -> None:
    """The rows of an agent with a process, which need not run."""
    agent = make_agent(slug, **({"retry": "always"} | fields))
    make_instance(make_plugin(slug, agents=(agent,), state=Plugin.State.RUNNING))


class Play:
    """One turn that the agent was given. `closed`: nobody listens to it any more."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.closed = asyncio.Event()
        self.said: asyncio.Queue[Any] = asyncio.Queue()

    def say(self, *happenings: Happening) -> "Play":
        self.said.put_nowait(list(happenings))
        return self

    def end(self, error: Exception | None = None) -> None:
        self.said.put_nowait(error or END)


class Script:
    """Delivers to nobody: a test takes each turn and plays the agent."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[Play] = asyncio.Queue()

    async def turn(self) -> Play:
        return await asyncio.wait_for(self.arrived.get(), 20)

    async def stream(self, target: Target, turn: Turn) -> AsyncIterator[list[Happening]]:
        play = Play(turn)
        self.arrived.put_nowait(play)
        try:
            yield []
            while (said := await play.said.get()) is not END:
                if isinstance(said, Exception):
                    raise said
                yield said
        finally:
            play.closed.set()

    async def process(self, target: Target, turn: Turn) -> list[Happening]:
        return [each async for said in self.stream(target, turn) for each in said]

    def known(self) -> set[str]:
        return set()


class Core:
    """`async with Core(script) as core:` one process's switchboard and its operations."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.switchboard = Switchboard()
        self.operations = Operations(self.switchboard)

    async def __aenter__(self) -> "Core":
        await self.switchboard.start()
        self.switchboard.messages = self._script  # type: ignore[assignment]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.switchboard.stop()

    async def die(self) -> None:
        """As by kill -9: nothing is written any more, nothing renewed, nobody told."""
        board = self.switchboard
        for run in list(board.runs.values()):
            run._end_or_lose = _nothing  # type: ignore[method-assign]
            run.lose()
        await asyncio.gather(*(run.over for run in list(board.runs.values())))
        await _end(board._keepers)


async def _nothing(*_: object) -> None:
    pass


def message(text: str = "hello", **fields: Any) -> Json:
    return {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": text}]} | fields


def send(text: str = "hello", **fields: Any) -> Send:
    """`fields` of the message, or of the request where it has them."""
    known = {name: fields.pop(name) for name in list(fields) if name in Send.__slots__}
    return Send(message=message(text, **fields), door="tests", **known)


def status(state: str, text: str = "", **fields: Any) -> Happening:
    said = {"message": agent_message(text)} if text else {}
    return Happening("status", {"state": f"TASK_STATE_{state}", **said, **fields})


def agent_message(text: str) -> Json:
    return {"messageId": f"a-{text}", "role": "ROLE_AGENT", "parts": [{"text": text}]}


def chunk(text: str, name: str = "a", *, append: bool = False) -> Happening:
    payload: Json = {"artifact": {"artifactId": name, "parts": [{"text": text}]}}
    return Happening("artifact", payload | ({"append": True} if append else {}))


def reply(text: str) -> Happening:
    return Happening("reply", agent_message(text) | {"contextId": "c"})


DONE = status("COMPLETED")
