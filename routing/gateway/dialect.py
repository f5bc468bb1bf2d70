"""What a version of A2A has to say of itself to be served: its service, and its messages as those of 1.0."""

from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from routing.gateway import wire
from routing.gateway.calls import Call
from routing.record import Json


class Dialect(Protocol):
    """`request` is always what the caller sent, as ProtoJSON of this version."""

    version: str
    service: ServiceDescriptor

    def require_version(self, asked: str) -> None:
        """Raises `VersionNotSupported`."""
        ...

    def tenant(self, request: Json) -> str:
        """The tenant that the request names, if this version can name one."""
        ...

    def verb(self, method: str) -> str:
        """The operation of 1.0 that a method is."""
        ...

    def given(self, method: str, request: Json, call: Call) -> Json:
        """Its parameters in 1.0's shape. Raises `InvalidInput`."""
        ...

    def told(self, method: str, result: Any, request: Json, call: Call) -> Json:
        """A result, or one response of a stream, as ProtoJSON of this version."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """One rpc of one version, on the wire."""

    dialect: Dialect
    name: str
    asks: type[Message]
    answers: type[Message]

    @classmethod
    def of(cls, dialect: Dialect, described: MethodDescriptor) -> "Method":
        asks, answers = (
            GetMessageClass(described.input_type),
            GetMessageClass(described.output_type),
        )
        return cls(dialect, described.name, asks, answers)

    @property
    def verb(self) -> str:
        return self.dialect.verb(self.name)

    def read(self, data: bytes) -> Json:
        """Raises `InvalidInput`."""
        return wire.read(self.asks, data)

    def write(self, result: Any, request: Json, call: Call) -> bytes:
        return wire.write(self.answers, self.dialect.told(self.name, result, request, call))
