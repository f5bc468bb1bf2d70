"""An upstream that speaks gRPC, A2A 1.0 or 0.3."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final, cast

import grpc
import grpc.aio
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from plugins_app.client.errors import BadAnswer, Broken, TurnFailed, Undelivered
from plugins_app.client.messages import NEVER_SENT
from proto import a2a_v03_pb2, a2a_v03_pb2_grpc, a2a_v1_pb2, a2a_v1_pb2_grpc
from registry.interfaces import Interface
from routing.dialects import v03_proto
from routing.dialects.protobuf import as_json, as_message
from routing.limits import SILENCE_SECONDS, UPSTREAM_SECONDS
from routing.record import Json
from routing.remote.dialect import converted
from routing.remote.grpc_channel import Line
from routing.remote.rest import REASONS
from routing.remote.upstream import Headers, Refused

Code = grpc.StatusCode
DETAILS: Final = "grpc-status-details-bin"
OLD_METHODS: Final = {"SubscribeToTask": "TaskSubscription"}
NO_CREDENTIAL: Final = (Code.UNAUTHENTICATED, Code.PERMISSION_DENIED)
# What the server itself says, before any agent of it has seen the call.
TURNED_AWAY: Final = (Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED)
LOST: Final = (
    Code.UNAVAILABLE,
    Code.CANCELLED,
    Code.DEADLINE_EXCEEDED,
    Code.INTERNAL,
    Code.UNKNOWN,
)
CODES: Final = {Code.NOT_FOUND: "task_not_found", Code.UNIMPLEMENTED: "unsupported_operation"}


class GrpcUpstream:
    """See `Upstream`. One channel, opened at the first call."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self._is_old = interface.version == "0.3"
        self._line = Line(interface.url)
        self._pb: ModuleType = a2a_v03_pb2 if self._is_old else a2a_v1_pb2

    async def send(self, request: Json, headers: Headers, *, timeout: float) -> Json:
        return await self._ask("SendMessage", request, headers, timeout)

    def stream(self, request: Json, headers: Headers) -> AsyncGenerator[Json, None]:
        return self._events("SendStreamingMessage", request, headers)

    async def get(self, task_id: str, headers: Headers) -> Json:
        return await self._ask("GetTask", {"id": task_id}, headers)

    async def cancel(self, task_id: str, headers: Headers) -> Json:
        return await self._ask("CancelTask", {"id": task_id}, headers)

    def subscribe(self, task_id: str, headers: Headers) -> AsyncGenerator[Json, None]:
        return self._events("SubscribeToTask", {"id": task_id}, headers)

    async def close(self) -> None:
        await self._line.close()

    async def _ask(
        self, verb: str, given: Json, headers: Headers, timeout: float = UPSTREAM_SECONDS
    ) -> Json:
        method, request = await self._method(verb), self._request(verb, given)
        with _as_ours():
            call = method(request, metadata=self._metadata(headers), timeout=timeout)
            answer: Message = await call
        return self._told(verb, answer)

    async def _events(self, verb: str, given: Json, headers: Headers) -> AsyncGenerator[Json, None]:
        method, request = await self._method(verb), self._request(verb, given)
        call = method(request, metadata=self._metadata(headers))
        try:
            while True:
                with _as_ours():
                    async with asyncio.timeout(SILENCE_SECONDS):
                        response = await call.read()
                if response is grpc.aio.EOF:
                    return
                yield self._told(verb, response)
        finally:
            call.cancel()

    async def _method(self, verb: str) -> Any:
        channel = await self._line.channel()
        module = a2a_v03_pb2_grpc if self._is_old else a2a_v1_pb2_grpc
        name = OLD_METHODS.get(verb, verb) if self._is_old else verb
        return getattr(module.A2AServiceStub(channel), name)

    def _request(self, verb: str, given: Json) -> Message:
        service = self._pb.DESCRIPTOR.services_by_name["A2AService"]
        name = OLD_METHODS.get(verb, verb) if self._is_old else verb
        kind = getattr(self._pb, service.methods_by_name[name].input_type.name)
        if self._is_old:
            given = v03_proto.request_from_1_0(verb, given)
        elif self._interface.tenant:
            given = {"tenant": self._interface.tenant, **given}
        return cast("Message", as_message(kind, given))

    def _told(self, verb: str, answer: Message) -> Json:
        try:
            told = as_json(answer)
        except (ValueError, json_format.Error):
            raise BadAnswer("it holds what JSON cannot say") from None
        if not self._is_old:
            return told
        if verb in ("GetTask", "CancelTask"):
            return converted(v03_proto.result_to_1_0, verb, told)
        return converted(v03_proto.response_to_1_0, told)

    def _metadata(self, headers: Headers) -> list[tuple[str, str]]:
        told = {name.lower(): value for name, value in headers.items()}
        return [*(told | {"a2a-version": self._interface.version}).items()]


@contextmanager
def _as_ours() -> Iterator[None]:
    """gRPC's errors, by what they say about the agent having seen the call."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise failure(error) from None
    except TimeoutError:
        raise Broken(f"it was silent for {SILENCE_SECONDS:.0f} s") from None
    except asyncio.CancelledError:
        # gRPC says the same when the channel is closed under a call and when our task is cancelled.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Broken("the connection was closed") from None


def failure(error: grpc.aio.AioRpcError) -> Exception:
    """What the end of a call means for the turn."""
    code, text = error.code(), (error.details() or error.code().name.lower())[:500]
    said = dict(error.trailing_metadata() or ()).get(DETAILS)
    if code in NO_CREDENTIAL:
        told = f"The agent's service does not take AgentX's credentials ({code.name})."
        return TurnFailed(told, "upstream_unauthorized")
    if code is Code.RESOURCE_EXHAUSTED and "larger than max" in text:
        return TurnFailed(f"The agent's answer is too large: {text}.", "too_large")
    if code is Code.UNAVAILABLE and text.startswith(NEVER_SENT):
        return Undelivered(text)  # it went away between our look at the channel and the call
    if code in TURNED_AWAY and (said or code is Code.RESOURCE_EXHAUSTED):
        return Undelivered(text)
    if code in LOST and not said:
        return Broken(text)
    name = REASONS.get(_reason(said)) or CODES.get(code, "upstream_refused")
    return Refused(f"The agent's service refused: {text}", name)


def _reason(said: Any) -> str:
    """ErrorInfo's reason in a google.rpc.Status."""
    if not isinstance(said, bytes):
        return ""
    info = error_details_pb2.ErrorInfo()
    for detail in status_pb2.Status.FromString(said).details:
        if detail.Unpack(info):
            return str(info.reason)
    return ""
