"""How a turn ends that is cut off."""

import asyncio

import pytest
from agentx_sdk import Agent, Turn
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.events import EventWriter
from agentx_sdk.turns import _relay

pytestmark = pytest.mark.asyncio


def writer() -> EventWriter:
    request = pb.ProcessMessageRequest(message=pb.A2AMessage(id="m1"), task_id="t1")
    return EventWriter(Turn(request, Agent("echo")), live=True)


async def test_a_turn_cut_off_between_two_items_closes_the_adapters_generator():
    """The generator stands at its yield then, so no cancellation reaches it: its `finally` is ours to run."""
    ended = []

    async def words():
        try:
            yield "one"
            yield "two"
        finally:
            ended.append(True)

    async def cut_off(events):
        raise asyncio.CancelledError

    items = words()
    with pytest.raises(asyncio.CancelledError):
        await _relay(items, writer(), cut_off)
    assert ended == [True]
