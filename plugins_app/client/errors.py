"""How a message to a plugin process can end without its agent's answer. The texts are for people."""

import asyncio
from typing import Any


class BadAnswer(Exception):
    """The agent answered with something that A2A cannot say."""


class Impostor(BadAnswer):
    """It answered in the name of an agent that was not asked."""


class Undelivered(Exception):
    """The agent has certainly not seen the message."""


class Broken(Exception):
    """The call broke; the agent may have seen the message."""


class TurnFailed(Exception):
    """The agent, or the contract, says that this turn failed. `code` is a short word.

    `metadata`: for the task's last status, such as the tokens that were used all the same.
    """

    def __init__(self, reason: str, code: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.metadata = metadata or {}


def is_cut_off() -> bool:
    """In `except CancelledError` around a call: whether its channel was closed, and nobody cancelled our task.

    gRPC says the same for both. Let through, the former would end whatever waits for the call as if it were told to.
    """
    task = asyncio.current_task()
    return task is None or not task.cancelling()
