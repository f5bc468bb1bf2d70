"""A2A 1.0 as it is: lf.a2a.v1.A2AService."""

from typing import Any, Final

from google.protobuf.descriptor import ServiceDescriptor

from proto import a2a_v1_pb2
from routing.a2a.calls import SUPPORTED, require_version
from routing.gateway.calls import Call
from routing.record import Json

PUSH_CONFIG: Final = ("CreateTaskPushNotificationConfig", "GetTaskPushNotificationConfig")


class Current:
    version = SUPPORTED
    service: ServiceDescriptor = a2a_v1_pb2.DESCRIPTOR.services_by_name["A2AService"]

    def require_version(self, asked: str) -> None:
        require_version(asked, self.service.full_name)

    def tenant(self, request: Json) -> str:
        return str(request.get("tenant", ""))

    def verb(self, method: str) -> str:
        return method

    def given(self, method: str, request: Json, call: Call) -> Json:
        return request

    def told(self, method: str, result: Any, request: Json, call: Call) -> Json:
        """A push configuration repeats the tenant as the request spelt it."""
        if method in PUSH_CONFIG:
            return {**result, "tenant": self.tenant(request)}
        return result or {}
