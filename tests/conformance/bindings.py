"""The three bindings of A2A 1.0 as raw clients: ProtoJSON in, ProtoJSON out, refusals in one shape."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import aiohttp
import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc import error_details_pb2, status_pb2

from proto import a2a_v1_pb2 as pb

Json = dict[str, Any]
DOMAIN: Final = "a2a-protocol.org"
STREAMS: Final = {"SendStreamingMessage", "SubscribeToTask"}
REQUESTS: Final = {
    "SendMessage": pb.SendMessageRequest,
    "SendStreamingMessage": pb.SendMessageRequest,
    "GetTask": pb.GetTaskRequest,
    "ListTasks": pb.ListTasksRequest,
    "CancelTask": pb.CancelTaskRequest,
    "SubscribeToTask": pb.SubscribeToTaskRequest,
    "CreateTaskPushNotificationConfig": pb.TaskPushNotificationConfig,
    "GetTaskPushNotificationConfig": pb.GetTaskPushNotificationConfigRequest,
    "ListTaskPushNotificationConfigs": pb.ListTaskPushNotificationConfigsRequest,
    "DeleteTaskPushNotificationConfig": pb.DeleteTaskPushNotificationConfigRequest,
    "GetExtendedAgentCard": pb.GetExtendedAgentCardRequest,
}
PUSH: Final = "tasks/{taskId}/pushNotificationConfigs"
ROUTES: Final = {
    "SendMessage": ("POST", "message:send"),
    "SendStreamingMessage": ("POST", "message:stream"),
    "GetTask": ("GET", "tasks/{id}"),
    "ListTasks": ("GET", "tasks"),
    "CancelTask": ("POST", "tasks/{id}:cancel"),
    "SubscribeToTask": ("GET", "tasks/{id}:subscribe"),
    "CreateTaskPushNotificationConfig": ("POST", PUSH),
    "GetTaskPushNotificationConfig": ("GET", PUSH + "/{id}"),
    "ListTaskPushNotificationConfigs": ("GET", PUSH),
    "DeleteTaskPushNotificationConfig": ("DELETE", PUSH + "/{id}"),
    "GetExtendedAgentCard": ("GET", "extendedAgentCard"),
}


@dataclass
class RefusedError(Exception):
    """`code` is the JSON-RPC code, the HTTP status or the name of the gRPC status."""

    code: int | str
    message: str
    details: list[Json] = field(default_factory=list)
    status: int = 200  # of HTTP

    @property
    def info(self) -> Json:
        """google.rpc.ErrorInfo."""
        found = [each for each in self.details if each["@type"].endswith("google.rpc.ErrorInfo")]
        return found[0] if found else {}

    @property
    def reason(self) -> str:
        return str(self.info.get("reason", ""))

    @property
    def fields(self) -> list[str]:
        """The fields that google.rpc.BadRequest names."""
        found = [each for each in self.details if each["@type"].endswith("google.rpc.BadRequest")]
        return [violation["field"] for each in found for violation in each["fieldViolations"]]


class Binding(Protocol):
    """`headers` are the A2A service parameters and credentials of one call, over those of every call."""

    name: str

    async def call(
        self, verb: str, given: Json, headers: Mapping[str, str] | None = None
    ) -> Any: ...

    def stream(
        self, verb: str, given: Json, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Json]: ...


class _Http:
    """What both HTTP bindings share. The session belongs to who made the binding."""

    def __init__(
        self, base: str, session: aiohttp.ClientSession, headers: Mapping[str, str]
    ) -> None:
        self.base = base
        self.session = session
        self.headers = dict(headers)

    def _with(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        return {
            name: value for name, value in (self.headers | dict(headers or {})).items() if value
        }


class JsonRpc(_Http):
    name = "JSONRPC"

    async def call(self, verb: str, given: Json, headers: Mapping[str, str] | None = None) -> Any:
        async with self.post(body(verb, given), headers) as answer:
            return unwrapped(await answer.json(), answer.status)

    async def stream(
        self, verb: str, given: Json, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Json]:
        async with self.post(body(verb, given), headers) as answer:
            if answer.content_type != "text/event-stream":
                unwrapped(await answer.json(), answer.status)
            async for data in events(answer):
                yield unwrapped(data, answer.status)

    def post(self, told: Any, headers: Mapping[str, str] | None = None) -> Any:
        """The raw exchange."""
        data = told if isinstance(told, bytes) else json.dumps(told).encode()
        sent = {"Content-Type": "application/json"} | self._with(headers)
        return self.session.post(self.base, data=data, headers=sent)


class Rest(_Http):
    name = "HTTP+JSON"

    async def call(self, verb: str, given: Json, headers: Mapping[str, str] | None = None) -> Any:
        async with self.request(verb, given, headers) as answer:
            return await told(answer)

    async def stream(
        self, verb: str, given: Json, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Json]:
        async with self.request(verb, given, headers) as answer:
            if answer.content_type != "text/event-stream":
                await told(answer)
            async for data in events(answer):
                yield data

    def request(self, verb: str, given: Json, headers: Mapping[str, str] | None = None) -> Any:
        method, path = ROUTES[verb]
        left = {name: value for name, value in given.items() if f"{{{name}}}" not in path}
        url = self.base + path.format(**given)
        sent = {"Content-Type": "application/a2a+json"} | self._with(headers)
        if method != "POST":
            query = {name: _text(value) for name, value in left.items()}
            return self.session.request(method, url, params=query, headers=self._with(headers))
        return self.session.post(url, data=json.dumps(left).encode(), headers=sent)


class Grpc:
    name = "GRPC"

    def __init__(self, channel: grpc.aio.Channel, tenant: str, headers: Mapping[str, str]) -> None:
        self.channel = channel
        self.tenant = tenant
        self.headers = dict(headers)

    async def call(self, verb: str, given: Json, headers: Mapping[str, str] | None = None) -> Any:
        method = self.channel.unary_unary(*self._method(verb))
        try:
            answer = await method(
                self._request(verb, given), metadata=self._with(headers), timeout=30
            )
        except grpc.aio.AioRpcError as error:
            raise refusal(error) from None
        return MessageToDict(answer)

    async def stream(
        self, verb: str, given: Json, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Json]:
        method = self.channel.unary_stream(*self._method(verb))
        call = method(self._request(verb, given), metadata=self._with(headers), timeout=30)
        try:
            async for answer in call:
                yield MessageToDict(answer)
        except grpc.aio.AioRpcError as error:
            raise refusal(error) from None
        finally:
            call.cancel()

    def _method(self, verb: str) -> tuple[Any, ...]:
        service = pb.DESCRIPTOR.services_by_name["A2AService"]
        answer = service.methods_by_name[verb].output_type
        kind = getattr(pb, answer.name, Empty)
        return f"/{service.full_name}/{verb}", REQUESTS[verb].SerializeToString, kind.FromString

    def _request(self, verb: str, given: Json) -> Any:
        return ParseDict({"tenant": self.tenant} | given, REQUESTS[verb]())

    def _with(self, headers: Mapping[str, str] | None) -> list[tuple[str, str]]:
        sent = self.headers | dict(headers or {})
        return [(name.lower(), value) for name, value in sent.items() if value]


def body(verb: str, given: Json, call_id: Any = 1) -> Json:
    return {"jsonrpc": "2.0", "id": call_id, "method": verb, "params": given}


def unwrapped(answer: Json, status: int) -> Any:
    """The result of a JSON-RPC response, which must be a whole one."""
    assert answer["jsonrpc"] == "2.0", answer
    assert ("result" in answer) != ("error" in answer), answer
    if "error" in answer:
        error = answer["error"]
        raise RefusedError(error["code"], error["message"], error.get("data", []), status)
    return answer["result"]


async def told(answer: aiohttp.ClientResponse) -> Any:
    """The body of an HTTP+JSON answer."""
    given = await answer.json(content_type=None)
    if answer.status >= 400:
        error = given["error"]
        assert error["code"] == answer.status, given
        raise RefusedError(answer.status, error["message"], error.get("details", []), answer.status)
    return given


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[Json]:
    """The data of server-sent events: one line each."""
    assert answer.content_type == "text/event-stream", await answer.text()
    async for line in answer.content:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def refusal(error: grpc.aio.AioRpcError) -> RefusedError:
    details: list[Json] = []
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            details = [_detail(each) for each in status_pb2.Status.FromString(value).details]
    return RefusedError(error.code().name, error.details() or "", details)


def _detail(packed: Any) -> Json:
    for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
        if packed.Is(kind.DESCRIPTOR):
            unpacked = kind()
            packed.Unpack(unpacked)
            return {"@type": packed.type_url, **MessageToDict(unpacked)}
    return {"@type": packed.type_url}


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
