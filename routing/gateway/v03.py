"""A2A 0.3 for its old clients: a2a.v1.A2AService."""

from typing import Any, Final

from google.protobuf.descriptor import ServiceDescriptor

from proto import a2a_v03_pb2
from routing.a2a import verbs
from routing.a2a.calls import OLDER, dialect_of
from routing.a2a.old import final_states
from routing.dialects import v03_proto
from routing.dialects.cards import card_from_1_0
from routing.gateway.calls import Call
from routing.record import Json

CARD: Final = "GetAgentCard"
# Methods that have another name in 1.0.
VERBS: Final = {
    "TaskSubscription": "SubscribeToTask",
    "ListTaskPushNotificationConfig": "ListTaskPushNotificationConfigs",
    CARD: "GetExtendedAgentCard",
}
# Its clients tell and expect files twice encoded: routing.dialects.v03_proto_objects.
PYTHON_SDK: Final = "grpc-python"


class Older:
    version = OLDER
    service: ServiceDescriptor = a2a_v03_pb2.DESCRIPTOR.services_by_name["A2AService"]

    def require_version(self, asked: str) -> None:
        dialect_of(asked, is_old=True, what=self.service.full_name)

    def tenant(self, request: Json) -> str:
        """There is no such field: the metadata may name the agent."""
        return ""

    def verb(self, method: str) -> str:
        return VERBS.get(method, method)

    def given(self, method: str, request: Json, call: Call) -> Json:
        return v03_proto.request_to_1_0(self.verb(method), request, twice=_is_python(call))

    def told(self, method: str, result: Any, request: Json, call: Call) -> Json:
        verb, twice = self.verb(method), _is_python(call)
        if verb in verbs.STREAMS:
            return v03_proto.response_from_1_0(result, final_states(verb), twice=twice)
        if method == CARD:
            return _card(result)
        return v03_proto.result_from_1_0(verb, result, twice=twice)


def _is_python(call: Call) -> bool:
    return call.metadata.get("user-agent", "").startswith(PYTHON_SDK)


def _card(card: Json) -> Json:
    """Security is told as in 1.0's ProtoJSON, not as in 0.3's JSON; of skills it is not told."""
    skills = [
        {name: value for name, value in skill.items() if name != "securityRequirements"}
        for skill in card.get("skills", [])
    ]
    told = {
        "securitySchemes": card.get("securitySchemes", {}),
        "security": card.get("securityRequirements", []),
        "skills": skills,
    }
    return card_from_1_0(card) | told
