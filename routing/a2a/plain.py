"""POST /api/v1/messages/send: one agent, one message, one answer, without A2A's envelopes."""

from typing import Any, ClassVar, Final

import orjson
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from uuid_utils import uuid7

from routing.a2a import params
from routing.a2a.lane_view import LaneView, json_response
from routing.a2a.params import invalid
from routing.delivery.operations import Operations
from routing.limits import STRANGERS_BYTES
from routing.models import Message
from routing.record import Json, Record
from routing.requests import Send
from security import permissions
from security.errors import InvalidInput
from security.principals import Principal
from security.schema import refusals

DOOR: Final = "api"
KINDS: Final = ("text", "data")


class PayloadSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=KINDS, default="text")
    content = serializers.JSONField(help_text="A text, or any JSON for type data.")


class SendSerializer(serializers.Serializer[Any]):
    to = serializers.CharField(help_text="The agent's slug.")
    intent = serializers.ChoiceField(choices=Message.Intent.choices, default="query")
    payload = PayloadSerializer()
    metadata = serializers.DictField(required=False)
    context_id = serializers.CharField(required=False, help_text="Goes on with a conversation.")
    task_id = serializers.CharField(required=False, help_text="Answers a task that asked.")
    message_id = serializers.CharField(required=False)


class AnswerSerializer(serializers.Serializer[Any]):
    task_id = serializers.CharField()
    context_id = serializers.CharField()
    message_id = serializers.CharField()
    state = serializers.CharField(help_text="A2A's task state without TASK_STATE_.")
    text = serializers.CharField(help_text="The texts of the answer, one under another.")
    artifacts = serializers.ListField(child=serializers.DictField())
    task = serializers.DictField(help_text="The A2A Task.")


class SendMessageView(LaneView):
    """Notifications are answered at once; every other intent when the agent has finished."""

    operations: ClassVar[Operations] = None  # type: ignore[assignment] # given to as_view

    def body_limit(self, principal: Principal) -> int:
        """The agent's name is in the body: a stranger to AgentX gets less of it read."""
        if principal.may(permissions.AGENTS_CALL):
            return super().body_limit(principal)
        return STRANGERS_BYTES

    @extend_schema(
        operation_id="messages_send",
        request=SendSerializer,
        responses={200: AnswerSerializer, **refusals(400, 404, 413, 503)},
    )
    async def post(self, request: HttpRequest, principal: Principal) -> HttpResponse:
        """Send a message to an agent and get its answer."""
        slug, send = read(request.body)
        record = await self.operations.send(principal, slug, send)
        return json_response(answer(record, send.message["messageId"]))


def read(body: bytes) -> tuple[str, Send]:
    """The agent's slug and what to send. Raises `InvalidInput`."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise InvalidInput("The body must be a JSON object.")
    to, intent = given.get("to"), given.get("intent", "query")
    if not isinstance(to, str) or not to:
        raise invalid("to", "must name an agent")
    if intent not in Message.Intent.values:
        raise invalid("intent", f"must be one of {', '.join(Message.Intent.values)}")
    message = params.message(_message(given))
    immediately = intent == Message.Intent.NOTIFICATION
    return to, Send(message, DOOR, intent=intent, return_immediately=immediately)


def _message(given: Json) -> Json:
    return {
        "messageId": given.get("message_id") or str(uuid7()),
        "contextId": given.get("context_id"),
        "taskId": given.get("task_id"),
        "role": "ROLE_USER",
        "parts": [_part(given.get("payload"))],
        "metadata": given.get("metadata"),
    }


def _part(payload: Any) -> Json:
    if not isinstance(payload, dict) or "content" not in payload:
        raise invalid("payload", 'must be an object like {"type": "text", "content": "hello"}')
    kind = payload.get("type", "text")
    if kind not in KINDS:
        raise invalid("payload.type", f"must be one of {', '.join(KINDS)}")
    if kind == "text" and not isinstance(payload["content"], str):
        raise invalid("payload.content", "must be a text")
    return {kind: payload["content"]}


def answer(record: Record, message_id: str) -> Json:
    task = record.a2a()
    spoken = record.status.get("message", {}).get("parts", [])
    parts = [part for artifact in record.artifacts for part in artifact["parts"]]
    texts = [part["text"] for part in (*parts, *spoken) if "text" in part]
    return {
        "task_id": record.id,
        "context_id": record.context_id,
        "message_id": message_id,
        "state": record.state,
        "text": "\n".join(texts),
        "artifacts": record.artifacts,
        "task": task,
    }
