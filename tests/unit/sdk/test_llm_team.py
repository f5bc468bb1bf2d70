"""What a turn through several agents needs: requests that are counted, and words with a name."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from agentx_sdk import Agent, Part, codec
from agentx_sdk.llm import Exchange, LLMAdapter
from agentx_sdk.testing import InProcess

pytestmark = pytest.mark.asyncio


class Team(LLMAdapter):
    """Asks its model as often as it is told to, and lets a member speak before it answers."""

    def build(self, agent: Agent, tools: Any) -> None:
        return None

    async def converse(self, native: None, exchange: Exchange) -> AsyncIterator[Any]:
        for _ in range(int(exchange.turn.text)):
            exchange.step()
        exchange.member_said("writer", "a draft", {"words": 2})
        yield "done"


def team(**limits: Any) -> InProcess:
    return InProcess(Team(), agents={"a": {"limits": limits}})


async def test_a_turn_takes_so_many_requests_to_the_model_and_no_more() -> None:
    async with team(max_steps=3) as plugin:
        assert (await plugin.send("3")).text == "done"
        failed = await plugin.send("4")
    assert (failed.state, failed.error_code) == ("failed", "too_many_steps")
    assert "more than 3 requests" in failed.error


async def test_what_a_member_says_is_seen_and_is_no_part_of_the_answer() -> None:
    async with team() as plugin:
        answer = await plugin.send("0")
    said = [part for event in answer for part in codec.message_parts(event.status.message)]
    told = {"agentx": {"kind": "member", "name": "writer"}}
    assert said == [Part(text="a draft", metadata=told), Part(data={"words": 2}, metadata=told)]
    assert answer.text == "done"
