"""SaveState and LoadState."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.adapter import Adapter, settle_slowly
from agentx_sdk.state import MAX_ENTRY, MAX_STATE, StateEntry
from agentx_sdk.turns import Context

logger = logging.getLogger("agentx_sdk.state")


class StateCalls:
    """Moves what the adapter keeps, as a stream of entries."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    async def save(
        self, request: pb.SaveStateRequest, context: Context
    ) -> AsyncIterator[pb.StateEntry]:
        try:
            entries = await self._saved(request.changed_since)
            _check(entries)
        except Exception as error:
            logger.error("the state cannot be saved", exc_info=error)
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, _told(error))
        for entry in entries:
            yield _wire(entry)

    async def load(
        self, requests: AsyncIterator[pb.StateEntry], context: Context
    ) -> pb.LoadStateResponse:
        entries: list[StateEntry] = []
        size = 0
        async for wire in requests:
            size += len(wire.value)
            if len(wire.value) > MAX_ENTRY or size > MAX_STATE:
                return pb.LoadStateResponse(error=_too_much(wire.key, len(wire.value)))
            entries.append(_entry(wire))
        try:
            await settle_slowly(self._adapter.load_state, entries)
        except Exception as error:
            logger.error("the state cannot be loaded", exc_info=error)
            return pb.LoadStateResponse(error=_told(error))
        return pb.LoadStateResponse(success=True, loaded=len(entries))

    async def _saved(self, since: int) -> list[StateEntry]:
        """What the hook gives: entries, or something that yields them; plain code in a thread."""
        given: Any = await asyncio.to_thread(self._adapter.save_state, since)
        given = await given if hasattr(given, "__await__") else given
        if hasattr(given, "__aiter__"):
            return [entry async for entry in given]
        return list(given)


def _check(entries: Iterable[StateEntry]) -> None:
    size = 0
    for entry in entries:
        size += len(entry.value)
        if len(entry.value) > MAX_ENTRY or size > MAX_STATE:
            raise ValueError(_too_much(entry.key, len(entry.value)))


def _too_much(key: str, size: int) -> str:
    if size > MAX_ENTRY:
        return f"state {key!r} is {size} bytes: an entry has at most {MAX_ENTRY}"
    return f"the state is more than {MAX_STATE} bytes"


def _entry(wire: pb.StateEntry) -> StateEntry:
    return StateEntry(wire.key, wire.value, wire.agent_id, wire.version, wire.removed)


def _wire(entry: StateEntry) -> pb.StateEntry:
    return pb.StateEntry(
        key=entry.key,
        value=entry.value,
        agent_id=entry.agent_id,
        version=entry.version,
        removed=entry.removed,
    )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
