"""Messages to a plugin process: one gRPC call each. Cancelling the awaiting task cancels the agent's work."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import replace
from typing import Final, NamedTuple

import grpc
import grpc.aio

from plugins_app.client.channels import Channels, metadata_of
from plugins_app.client.codec import Happening, Turn, decode, encode, failed_metadata
from plugins_app.client.errors import (
    BadAnswer,
    Broken,
    Impostor,
    TurnFailed,
    Undelivered,
    is_cut_off,
)
from plugins_app.client.shapes import MAX_MEMORY
from plugins_app.client.target import Target
from proto import agentx_plugin_pb2 as pb

SERVICE: Final = "/agentx.plugin.AgentXPluginService/"
# Every way in which gRPC says that not one byte of the call left.
NEVER_SENT: Final = "failed to connect to all addresses"
# The process is there, and turned the message away before its agent saw it (agentx_sdk.turns).
TURNED_AWAY: Final = "the plugin is "


class _Calls(NamedTuple):
    channel: grpc.aio.Channel
    unary: grpc.aio.UnaryUnaryMultiCallable[pb.ProcessMessageRequest, pb.ProcessMessageResponse]
    stream: grpc.aio.StreamStreamMultiCallable[pb.ProcessMessageRequest, pb.ProcessMessageResponse]


class PluginMessages:
    """Both ways raise `Undelivered`, `Broken`, `TurnFailed` or `BadAnswer`."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._calls: dict[str, _Calls] = {}

    async def process(self, target: Target, turn: Turn) -> list[Happening]:
        """The whole turn in one answer."""
        calls = await self._calls_to(target)
        try:
            call = calls.unary(encode(turn), metadata=metadata_of(target))
            response = await call
        except grpc.aio.AioRpcError as error:
            raise _failure(error) from None
        except asyncio.CancelledError:
            raise _cut_off() from None
        return _happenings(response, turn)

    async def stream(self, target: Target, turn: Turn) -> AsyncGenerator[list[Happening], None]:
        """The turn as it happens. An empty item says that the agent has the message."""
        calls = await self._calls_to(target)
        call = calls.stream(metadata=metadata_of(target))
        try:
            await call.write(encode(turn))
            await call.done_writing()
            await call.initial_metadata()
            if not call.done():  # done already: refused, or answered at once
                yield []
            async for response in call:
                yield _happenings(response, turn)
        except grpc.aio.AioRpcError as error:
            raise _failure(error) from None
        except asyncio.CancelledError:
            raise _cut_off() from None
        finally:
            call.cancel()

    async def forget(self, launch_id: str) -> None:
        """Let go of a process that is gone."""
        self._calls.pop(launch_id, None)
        await self._channels.forget(launch_id)

    def known(self) -> set[str]:
        """The launches with an open channel."""
        return set(self._calls)

    async def _calls_to(self, target: Target) -> _Calls:
        channel = await self._channels.channel(target)
        calls = self._calls.get(target.launch_id)
        if calls is None or calls.channel is not channel:
            calls = self._calls[target.launch_id] = _calls(channel)
        return calls


def _calls(channel: grpc.aio.Channel) -> _Calls:
    serialize = pb.ProcessMessageRequest.SerializeToString
    deserialize = pb.ProcessMessageResponse.FromString
    return _Calls(
        channel,
        channel.unary_unary(SERVICE + "ProcessMessage", serialize, deserialize),
        channel.stream_stream(SERVICE + "ProcessMessageStream", serialize, deserialize),
    )


def _happenings(response: pb.ProcessMessageResponse, turn: Turn) -> list[Happening]:
    if not response.success:
        raise TurnFailed(
            response.error or "the agent gave no reason",
            response.error_code or "agent_error",
            failed_metadata(response),
        )
    _check_names(response.events, turn.agent)
    happenings = [decode(event, turn.task_id, turn.context_id) for event in response.events]
    if not happenings:
        raise BadAnswer("the answer held no event")
    if len(happenings) > 1 and any(each.kind == "reply" for each in happenings):
        raise BadAnswer("a direct message came with other events")
    if response.HasField("memory"):
        _check_memory(response.memory, turn)
        happenings[-1] = replace(happenings[-1], memory=response.memory)
    return happenings


def _check_memory(memory: bytes, turn: Turn) -> None:
    """Raises `TurnFailed`: lost words of a conversation would show much later, and nobody would know why."""
    if turn.memory is None:
        told = (
            "The agent wants to remember the conversation, but its plugin.yaml does not say "
            "`conversation_memory: true`."
        )
        raise TurnFailed(told, "memory_not_kept")
    if len(memory) > MAX_MEMORY:
        told = (
            f"The agent wants to remember {len(memory)} bytes of this conversation; "
            f"at most {MAX_MEMORY} are kept."
        )
        raise TurnFailed(told, "memory_full")


def _check_names(events: Iterable[pb.Event], agent: str) -> None:
    """Raise `Impostor` when a message claims to come from another agent. To say nothing is no claim."""
    for event in events:
        for message in (event.status.message, event.message, event.reply):
            if message.from_agent_id not in ("", agent):
                raise Impostor(f"it came in the name of {message.from_agent_id[:100]!r}")


def _failure(error: grpc.aio.AioRpcError) -> Exception:
    details = error.details() or ""
    match error.code():
        case grpc.StatusCode.UNAVAILABLE if details.startswith((NEVER_SENT, TURNED_AWAY)):
            return Undelivered(details)
        case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.NOT_FOUND:
            return Undelivered(details)
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            return TurnFailed(f"too large for the plugin contract: {details}", "too_large")
        case grpc.StatusCode.UNIMPLEMENTED:
            return TurnFailed(f"the plugin does not speak the contract: {details}", "contract")
        case code:
            return Broken(f"{code.name.lower()}: {details}")


def _cut_off() -> BaseException:
    return Broken("its channel was closed") if is_cut_off() else asyncio.CancelledError()
