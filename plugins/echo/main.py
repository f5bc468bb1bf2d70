"""Echo: says back what it is told, and misbehaves on request, so that everything can be tried."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

from agentx_sdk import Adapter, Artifact, InputRequired, Status, TaskFailed, TaskRejected, Turn, run


class Echo(Adapter):
    """What it does beyond echoing is told by the message's metadata, else by its configuration."""

    version = "1.0.0"
    capabilities = ("text", "data", "files", "streaming", "multi-turn")
    input_modes = output_modes = ("text/plain", "application/json", "*/*")  # files of any type

    def __init__(self) -> None:
        self._ballast: list[bytes] = []

    async def process(self, turn: Turn) -> Any:
        wish = {**self.config, **turn.config, **turn.metadata}
        if wish.get("stream") or wish.get("artifact") or wish.get("status"):
            return self._bit_by_bit(turn, wish)
        await self._misbehave(turn, wish)
        return self._question(turn, wish) or self._echo(turn, wish)

    async def _misbehave(self, turn: Turn, wish: dict[str, Any]) -> None:
        if wish.get("sleep"):
            await asyncio.sleep(float(wish["sleep"]))
        if wish.get("grow_mb"):
            # Written to, not only reserved: resident memory is what limits look at.
            self._ballast.append(os.urandom(1024) * (int(wish["grow_mb"]) * 1024))
        if wish.get("crash"):
            os._exit(70)
        if wish.get("reject"):
            raise TaskRejected(_words(wish["reject"], "asked to reject this"))
        if wish.get("fail"):
            raise TaskFailed(_words(wish["fail"], "asked to fail"), code="asked_to_fail")

    def _question(self, turn: Turn, wish: dict[str, Any]) -> InputRequired | None:
        """Ask once: the answer comes as a turn whose history has the question."""
        if wish.get("ask") and not any(message.role == "agent" for message in turn.history):
            return InputRequired(_words(wish["ask"], "What shall I echo?"))
        return None

    def _echo(self, turn: Turn, wish: dict[str, Any]) -> Any:
        if wish.get("remember"):
            self.state[str(wish["remember"])] = turn.text
        if "data" in wish:
            return Artifact({"data": wish["data"]}, name="reply")
        if len(turn.parts) == 1 and turn.parts[0].text is not None:
            return turn.text * int(wish.get("repeat", 1))
        return Artifact(*turn.parts, name="reply")

    async def _bit_by_bit(self, turn: Turn, wish: dict[str, Any]) -> AsyncIterator[Any]:
        if wish.get("status"):
            yield Status(_words(wish["status"], "working on it"))
        pause = float(wish.get("pause", 0))
        for word in _pieces(turn.text) if wish.get("stream") else ():
            yield word
            await asyncio.sleep(pause)
        await self._misbehave(turn, wish)
        question = self._question(turn, wish)
        if question is not None:
            yield question
        if wish.get("artifact"):
            yield Artifact(turn.text, name=_words(wish["artifact"], "echo"))
        elif not wish.get("stream"):
            yield self._echo(turn, wish)


def _pieces(text: str) -> list[str]:
    """Words, each with the space that follows it."""
    return text.replace(" ", " \0").split("\0") if text else []


def _words(wish: Any, default: str) -> str:
    return wish if isinstance(wish, str) else default


if __name__ == "__main__":
    run(Echo())
