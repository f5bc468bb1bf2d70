"""The operations as callers of 0.3 and 0.2 ask for them and want them answered, over the same verbs."""

from collections.abc import AsyncIterator
from typing import Any, Final

from routing.a2a import verbs
from routing.delivery.operations import Operations
from routing.dialects import cards, v03, v03_objects, v03_proto
from routing.record import Json
from routing.requests import Asked, Told
from security.principals import Principal

# A turn's own stream closes when the agent asks; one that was subscribed to goes on.
OF_A_TURN: Final = v03_objects.TERMINAL | v03_objects.INTERRUPTED


def final_states(verb: str) -> frozenset[str]:
    """The states with which a stream of this verb ends, by 0.3's names."""
    return OF_A_TURN if verb == "SendStreamingMessage" else v03_objects.TERMINAL


async def answer(
    core: Operations, principal: Principal, agent: str, method: str, params: Json, asked: Asked
) -> Any:
    """The 0.3 result of a JSON-RPC method that does not stream."""
    verb, given = v03.METHODS[method], v03.request_to_1_0(method, params)
    result = await verbs.answer(core, principal, agent, verb, given, asked)
    return v03.result_from_1_0(method, result)


async def stream(
    core: Operations, principal: Principal, agent: str, method: str, params: Json, asked: Asked
) -> AsyncIterator[Told]:
    """What a streaming method tells, still in 1.0's shape."""
    given = v03.request_to_1_0(method, params)
    return await verbs.stream(core, principal, agent, v03.METHODS[method], given, asked)


def rest_result(verb: str, result: Any, *, twice: bool) -> Json:
    if verb == "GetExtendedAgentCard":
        return cards.card_from_1_0(result)
    return v03_proto.result_from_1_0(verb, result, twice=twice)
