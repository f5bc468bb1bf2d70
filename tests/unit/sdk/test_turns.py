"""How a turn ends that is cut off."""

import asyncio

import pytest
from agentx_sdk import Agent, Turn
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.events import EventWriter
from agentx_sdk.turns import _relay

pytestmark = pytest.mark.asyncio


def turn() -> Turn:
    request = pb.ProcessMessageRequest(message=pb.A2AMessage(id="m1"), task_id="t1")
    return Turn(request, Agent("echo"))


async def test_a_turn_cut_off_between_two_items_closes_the_adapters_generator():
    """The generator stands at its yield then, so no cancellation reaches it: its `finally` is ours to run."""
    ended = []

    async def words():
        try:
            yield "one"
            yield "two"
        finally:
            ended.append(True)

    async def cut_off(events, memory):
        raise asyncio.CancelledError

    asked = turn()
    with pytest.raises(asyncio.CancelledError):
        await _relay(asked, words(), EventWriter(asked, live=True), cut_off)
    assert ended == [True]
