"""What belongs to one turn: what was answered before, and the question that it waits with."""

import asyncio
from contextvars import ContextVar
from typing import Any

from agentx_sdk.llm import Exchange
from agentx_sdk.llm.journal import Asked, Journal


class Run:
    """Made in the turn. `records`: it may ask its caller, so that it must be done again later."""

    def __init__(self, exchange: Exchange, journal: Journal, *, records: bool) -> None:
        self.exchange = exchange
        self.journal = journal
        self.records = records
        self.spoken = ""  # of the answer, as it was streamed
        self.question = ""  # what an agent said last: it may want an answer
        self.asked: asyncio.Future[Asked] = asyncio.get_running_loop().create_future()

    def say(self, text: str) -> None:
        """Words of the answer, as they come."""
        if text:
            self.spoken += text
            self.exchange.emit(text)

    async def ask(self, question: str, schema: dict[str, Any]) -> Any:
        """What the caller answered. When it is a new question the turn ends here.

        Not by an exception: Semantic Kernel's runtime logs those and goes on.
        """
        answer = self.journal.next_answer()
        if answer is None:
            if not self.asked.done():
                self.asked.set_result(Asked(question, schema))
            await asyncio.get_running_loop().create_future()
        return answer


current_run: ContextVar[Run | None] = ContextVar("agentx_semantic_kernel_run", default=None)
