"""Recalling: what a conversation remembers goes through AgentX, so it outlives every process."""

import asyncio
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from agentx_sdk import Adapter, Status, TaskFailed, Turn, Usage, run

HERE = __file__
SECONDS = 30.0


class Recalling(Adapter):
    """In a message's metadata: `sleep` (seconds), `fail`, `crash` (once: the file that it leaves), `ask` (agents to ask)."""

    version = "1.0.0"

    async def process(self, turn: Turn) -> Any:
        said = [*turn.memory.get("said", []), turn.text]
        yield Status(f"{len(said)} by now")
        if turn.metadata.get("sleep"):
            await asyncio.sleep(float(turn.metadata["sleep"]))
        crash_once(Path(turn.metadata.get("crash", HERE)))
        turn.memory["said"] = said
        if turn.metadata.get("fail"):
            raise TaskFailed("told to fail", metadata={"retryAfterSeconds": 7})
        if asked := turn.metadata.get("ask"):
            yield await asyncio.to_thread(answer_of, turn, asked[0], asked[1:])
        yield Usage("none", input_tokens=len(said), output_tokens=1)
        yield " ".join(said)


def crash_once(crashed: Path) -> None:
    if not crashed.exists():
        crashed.touch()
        os._exit(70)


def answer_of(turn: Turn, agent: str, further: list[str]) -> str:
    """What that agent says to the same words, with `further` agents to ask behind it."""
    message = {
        "messageId": f"{turn.task_id}-{agent}",
        "role": "ROLE_USER",
        "parts": [{"text": turn.text}],
        "metadata": {"ask": further} if further else {},
    }
    request = urllib.request.Request(
        f"{turn.agentx_url}/a2a/{agent}/message:send",
        json.dumps({"message": message}).encode(),
        {
            "Authorization": f"Bearer {turn.token}",
            "A2A-Version": "1.0",
            "Content-Type": "application/a2a+json",
            "traceparent": turn.traceparent,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            task = json.load(response)["task"]
    except urllib.error.HTTPError as error:
        raise TaskFailed(json.load(error)["error"]["message"], "agent_not_asked") from None
    parts = [part for each in task.get("artifacts", ()) for part in each["parts"]]
    return f"[{agent}: {''.join(part.get('text', '') for part in parts)}]"


if __name__ == "__main__":
    run(Recalling())
