"""What a process must not forget, on its way to the process that takes its place, or to a file. Bounded."""

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from plugins_app.client.channels import Channels, metadata_of
from plugins_app.client.errors import Undelivered, is_cut_off
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed, NotSpoken
from proto import agentx_plugin_pb2 as pb
from proto.agentx_plugin_pb2_grpc import AgentXPluginServiceStub

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ENTRY: Final = 1024 * 1024 + 4096  # with its names
SECONDS: Final = 30.0
_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Saved:
    """Entries as they came. `version`: of the newest change; ask with it for what changed since."""

    entries: tuple[pb.StateEntry, ...] = ()

    @property
    def version(self) -> int:
        return max((entry.version for entry in self.entries), default=0)

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return sum(len(entry.value) for entry in self.entries)

    def after(self, earlier: "Saved") -> "Saved":
        """Both as one: what changed later takes the place of what was there."""
        newest = {(e.agent_id, e.key): e for e in (*earlier.entries, *self.entries)}
        return Saved(tuple(entry for entry in newest.values() if not entry.removed))


class State:
    """Both calls raise `CallFailed` with a sentence."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def save(self, target: Target, changed_since: int = 0) -> Saved:
        """All of it, or what changed after a version."""
        request = pb.SaveStateRequest(changed_since=changed_since)
        stub = await self._stub(target)
        call = stub.SaveState(request, timeout=SECONDS, metadata=metadata_of(target))
        entries: list[pb.StateEntry] = []
        size = 0
        try:
            async for entry in call:
                size += entry.ByteSize()
                if size > MAX_BYTES or entry.ByteSize() > MAX_ENTRY:
                    raise CallFailed(f"has more state than AgentX moves ({MAX_BYTES >> 20} MiB)")
                entries.append(entry)
        except grpc.aio.AioRpcError as error:
            raise _failed(error, "SaveState") from None
        except asyncio.CancelledError:
            if is_cut_off():
                raise CallFailed("SaveState was cut off") from None
            raise
        finally:
            call.cancel()
        return Saved(tuple(entries))

    async def load(self, target: Target, saved: Saved) -> int:
        """Hand it over; answers how many entries were taken."""
        stub = await self._stub(target)
        call = stub.LoadState(iter(saved.entries), timeout=SECONDS, metadata=metadata_of(target))
        try:
            answer = await call
        except grpc.aio.AioRpcError as error:
            raise _failed(error, "LoadState") from None
        except asyncio.CancelledError:
            if is_cut_off():
                raise CallFailed("LoadState was cut off") from None
            raise
        if not answer.success:
            raise CallFailed(f"did not take the state: {answer.error}")
        return int(answer.loaded)

    async def _stub(self, target: Target) -> AgentXPluginServiceStub:
        try:
            return AgentXPluginServiceStub(await self._channels.channel(target))
        except Undelivered as error:
            raise CallFailed(f"cannot be called: {error}") from None


def pack(saved: Saved) -> bytes:
    """For a file: each entry behind its length."""
    texts = [entry.SerializeToString() for entry in saved.entries]
    return b"".join(_LENGTH.pack(len(text)) + text for text in texts)


def unpack(content: bytes) -> Saved:
    """Raises ValueError for what `pack` did not make."""
    return Saved(tuple(_entries(content)))


def _entries(content: bytes) -> Iterator[pb.StateEntry]:
    at = 0
    while at < len(content):
        if at + _LENGTH.size > len(content):
            raise ValueError("the file ends within an entry")
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        text = content[at : at + length]
        if len(text) != length:
            raise ValueError("the file ends within an entry")
        try:
            yield pb.StateEntry.FromString(text)
        except DecodeError as error:
            raise ValueError(str(error)) from None
        at += length


def _failed(error: grpc.aio.AioRpcError, name: str) -> CallFailed:
    match error.code():
        case grpc.StatusCode.UNIMPLEMENTED:
            return NotSpoken(f"has no {name}")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return CallFailed(f"did not answer {name} in time")
        case code:
            return CallFailed(f"{name} failed: {code.name} {error.details()}")
