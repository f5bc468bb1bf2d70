"""A gateway process for tests: the whole gRPC door on a real port, in the event loop of the test."""

from typing import Any

import grpc.aio
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc import error_details_pb2, status_pb2

from proto import a2a_v03_pb2, a2a_v03_pb2_grpc, a2a_v1_pb2, a2a_v1_pb2_grpc
from routing.gateway import Gateway
from tests.web import message

Json = dict[str, Any]


class Gate:
    """`async with Gate(key) as gate`: `gate.current` and `gate.older` are stubs of the two services."""

    def __init__(self, key: str | None = None, **options: Any) -> None:
        self.gateway = Gateway("127.0.0.1", 0, **options)
        self.key = key

    async def __aenter__(self) -> "Gate":
        await self.gateway.start()
        self.address = f"127.0.0.1:{self.gateway.port}"
        self.channel = grpc.aio.insecure_channel(
            self.address, options=[("grpc.max_receive_message_length", 32 * 1024 * 1024)]
        )
        self.current = a2a_v1_pb2_grpc.A2AServiceStub(self.channel)
        self.older = a2a_v03_pb2_grpc.A2AServiceStub(self.channel)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()
        await self.gateway.stop()

    def metadata(self, **more: str) -> list[tuple[str, str]]:
        told = {"a2a-version": "1.0"} | {k.replace("_", "-"): v for k, v in more.items()}
        if self.key:
            told.setdefault("authorization", f"Bearer {self.key}")
        return [(name, value) for name, value in told.items() if value]

    def call(self, method: str, request: Any, **metadata: str) -> Any:
        """The call of a method of 1.0, with its request as ProtoJSON."""
        described = a2a_v1_pb2.DESCRIPTOR.services_by_name["A2AService"].methods_by_name[method]
        kind = getattr(a2a_v1_pb2, described.input_type.name)
        return getattr(self.current, method)(
            ParseDict(request, kind()), metadata=self.metadata(**metadata), timeout=20
        )

    def old_call(self, method: str, request: Any, **metadata: str) -> Any:
        described = a2a_v03_pb2.DESCRIPTOR.services_by_name["A2AService"].methods_by_name[method]
        kind = getattr(a2a_v03_pb2, described.input_type.name)
        metadata = {"a2a_version": "", "x_agentx_agent": "echo"} | metadata
        return getattr(self.older, method)(
            ParseDict(request, kind()), metadata=self.metadata(**metadata), timeout=20
        )

    async def result(self, method: str, request: Any, **metadata: str) -> Json:
        return MessageToDict(await self.call(method, request, **metadata))

    async def stream(self, method: str, request: Any, **metadata: str) -> list[Json]:
        return [MessageToDict(each) async for each in self.call(method, request, **metadata)]

    async def send(self, text: str = "hello", agent: str = "echo", **more: Any) -> Json:
        """SendMessage; the task."""
        answer = await self.result("SendMessage", asked(text, agent, **more))
        return dict(answer["task"])

    async def later(self, text: str = "hello", agent: str = "echo", sleep: float = 2.0) -> Json:
        """A task that is at work for so many seconds."""
        wish = message(text, metadata={"sleep": sleep})
        return await self.send(text, agent, message=wish, configuration={"returnImmediately": True})


def asked(text: str = "hello", agent: str = "echo", **more: Any) -> Json:
    """A SendMessageRequest."""
    return {"tenant": agent, "message": message(text), **more}


async def refusal(call: Any) -> tuple[grpc.StatusCode, Json]:
    """How a call was refused: its code, and its google.rpc details by their names."""
    try:
        if hasattr(call, "read"):
            while await call.read() is not grpc.aio.EOF:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        trailing = dict(error.trailing_metadata() or ())
        told = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
        assert told.message == error.details()
        assert told.code == error.code().value[0]
        return error.code(), {"message": told.message} | dict(map(_detail, told.details))
    raise AssertionError("it was answered")


def _detail(packed: Any) -> tuple[str, Json]:
    kinds = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest)
    (kind,) = (kind for kind in kinds if packed.Is(kind.DESCRIPTOR))
    unpacked = kind()
    packed.Unpack(unpacked)
    return kind.DESCRIPTOR.name, MessageToDict(unpacked)
