"""/api/v1/messages. Sending is in the lean lane (`routing.a2a`)."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from routing import selectors
from routing.a2a.plain import SendMessageView
from routing.models import Message
from security.authentication import caller
from security.schema import checked, refusals

Endpoint = tuple[str, str, str, Callable[..., Any]]


def with_lane(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """drf-spectacular's hook: what the lean lane answers before Django is asked belongs to the API, too."""
    path = "/api/v1/messages/send"
    return [*endpoints, (path, f"^{path}$", "POST", SendMessageView.as_view())]


class MessageSerializer(serializers.ModelSerializer[Message]):
    agent = serializers.CharField(source="agent.slug", read_only=True)
    task_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = Message
        fields: tuple[str, ...] = (
            "id",
            "message_id",
            "task_id",
            "agent",
            "context_id",
            "role",
            "intent",
        )
        fields += ("message", "created")
        read_only_fields = fields


class HistoryQuery(serializers.Serializer[Any]):
    agent_id = serializers.CharField(required=False, default="", help_text="Slug or id.")
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=1000)


class MessageHistory(APIView):
    @extend_schema(
        operation_id="messages_history",
        parameters=[HistoryQuery],
        responses={200: MessageSerializer(many=True), **refusals(400, 404)},
    )
    def get(self, request: Request) -> Response:
        """The newest messages with an agent, newest first."""
        wanted = checked(request, HistoryQuery)
        found = selectors.messages(caller(request), wanted["agent_id"], wanted["limit"])
        return Response(MessageSerializer(found, many=True).data)
