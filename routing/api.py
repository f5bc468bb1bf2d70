"""/api/v1: tasks and the messages they were made of. Sending is in the lean lane (`routing.a2a`)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from routing import selectors, services
from routing.a2a.plain import SendMessageView
from routing.models import Message, PushConfig, PushDelivery, Task, TaskEvent, TaskState
from routing.push import selectors as push
from security.authentication import caller
from security.pagination import ByUpdate
from security.schema import checked, listed, refusals

Endpoint = tuple[str, str, str, Callable[..., Any]]


def with_lane(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """drf-spectacular's hook: what the lean lane answers before Django is asked belongs to the API, too."""
    path = "/api/v1/messages/send"
    return [*endpoints, (path, f"^{path}$", "POST", SendMessageView.as_view())]


class TaskSerializer(serializers.ModelSerializer[Task]):
    agent = serializers.CharField(source="agent.slug", read_only=True)
    caller = serializers.CharField(source="owner", read_only=True)
    caller_label = serializers.CharField(source="owner_label", read_only=True)
    events_total = serializers.IntegerField(source="seq", read_only=True)

    class Meta:
        model = Task
        fields: tuple[str, ...] = ("id", "agent", "state", "context_id", "caller", "caller_label")
        fields += ("door", "reason", "request_id", "events_total", "created", "updated", "closed")
        read_only_fields = fields


class TaskEventSerializer(serializers.ModelSerializer[TaskEvent]):
    class Meta:
        model = TaskEvent
        fields = ("seq", "kind", "payload", "time")
        read_only_fields = fields


class TaskDetailSerializer(TaskSerializer):
    metadata = serializers.JSONField(read_only=True)
    events = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField(help_text="A2A TaskStatus.")
    artifacts = serializers.SerializerMethodField(help_text="A2A Artifacts.")

    class Meta(TaskSerializer.Meta):
        fields = (
            *TaskSerializer.Meta.fields,
            "status",
            "artifacts",
            "metadata",
            "cancel_requested",
        )
        fields += ("instance", "events")
        read_only_fields = fields

    @extend_schema_field(TaskEventSerializer(many=True))
    def get_events(self, task: Task) -> Any:
        return TaskEventSerializer(selectors.events_of(task), many=True).data

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_status(self, task: Task) -> Any:
        return task.status

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_artifacts(self, task: Task) -> Any:
        return task.artifacts


class TaskQuery(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=TaskState.choices, required=False)
    agent = serializers.CharField(required=False, help_text="Slug or id.")
    context_id = serializers.CharField(required=False)
    caller = serializers.CharField(required=False, help_text="Its subject or name.")


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


@listed("tasks_list", TaskSerializer, TaskQuery, 400)
class Tasks(ListAPIView[Task]):
    """Tasks the caller may see, last changed first."""

    queryset = Task.objects.none()
    serializer_class = TaskSerializer
    pagination_class = ByUpdate

    def get_queryset(self) -> QuerySet[Task]:
        wanted = checked(self.request, TaskQuery)
        return _narrowed(selectors.tasks(caller(self.request)), wanted)


def _narrowed(found: QuerySet[Task], wanted: dict[str, str]) -> QuerySet[Task]:
    if state := wanted.get("state"):
        found = found.filter(state=state)
    if agent := wanted.get("agent"):
        found = found.filter(_agent(agent))
    if context_id := wanted.get("context_id"):
        found = found.filter(context_id=context_id)
    if who := wanted.get("caller"):
        found = found.filter(Q(owner=who) | Q(owner_label=who))
    return found


def _agent(ref: str) -> Q:
    try:
        return Q(agent=UUID(ref))
    except ValueError:
        return Q(agent__slug=ref)


class TaskDetail(APIView):
    @extend_schema(
        operation_id="tasks_show", responses={200: TaskDetailSerializer, **refusals(404)}
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        """A task with every change it went through."""
        return Response(TaskDetailSerializer(selectors.access_task(caller(request), task_id)).data)


class TaskCancel(APIView):
    @extend_schema(
        operation_id="tasks_cancel",
        request=None,
        responses={202: TaskSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, task_id: UUID) -> Response:
        """Ask for a task to be canceled, wherever it runs."""
        return Response(
            TaskSerializer(services.request_cancel(caller(request), task_id)).data, status=202
        )


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


class PushConfigSerializer(serializers.ModelSerializer[PushConfig]):
    """Without its secrets: whether it has them."""

    agent = serializers.CharField(source="task.agent.slug", read_only=True)
    task_id = serializers.UUIDField(read_only=True)
    has_token = serializers.SerializerMethodField()
    has_credentials = serializers.SerializerMethodField()
    dead = serializers.IntegerField(read_only=True, help_text="Deliveries that were given up.")

    class Meta:
        model = PushConfig
        fields: tuple[str, ...] = ("id", "config_id", "task_id", "agent", "url", "scheme")
        fields += ("has_token", "has_credentials", "dialect", "delivered_seq", "attempts")
        fields += ("is_failing", "dead", "created", "due", "ended", "end_reason")
        read_only_fields = fields

    def get_has_token(self, config: PushConfig) -> bool:
        return bool(config.sealed_token)

    def get_has_credentials(self, config: PushConfig) -> bool:
        return bool(config.sealed_credentials)


class PushDeliverySerializer(serializers.ModelSerializer[PushDelivery]):
    agent = serializers.CharField(source="config.task.agent.slug", read_only=True)
    task_id = serializers.UUIDField(source="config.task_id", read_only=True)
    config_id = serializers.CharField(source="config.config_id", read_only=True)
    url = serializers.CharField(source="config.url", read_only=True)

    class Meta:
        model = PushDelivery
        fields: tuple[str, ...] = ("id", "task_id", "agent", "config_id", "url", "seq", "state")
        fields += ("attempts", "status", "error", "created", "updated")
        read_only_fields = fields


class PushConfigQuery(serializers.Serializer[Any]):
    task = serializers.UUIDField(required=False)


class PushDeliveryQuery(PushConfigQuery):
    state = serializers.ChoiceField(choices=PushDelivery.State.choices, required=False)


class Replayed(serializers.Serializer[Any]):
    replayed = serializers.IntegerField(help_text="Deliveries that are tried once more.")


@listed("push_configs_list", PushConfigSerializer, PushConfigQuery, 400)
class PushConfigs(ListAPIView[PushConfig]):
    """Webhooks that are told of tasks, newest first."""

    queryset = PushConfig.objects.none()
    serializer_class = PushConfigSerializer

    def get_queryset(self) -> QuerySet[PushConfig]:
        wanted = checked(self.request, PushConfigQuery)
        return push.push_configs(caller(self.request), wanted.get("task"))


@listed("push_deliveries_list", PushDeliverySerializer, PushDeliveryQuery, 400)
class PushDeliveries(ListAPIView[PushDelivery]):
    """What became of telling webhooks, the last tried first."""

    queryset = PushDelivery.objects.none()
    serializer_class = PushDeliverySerializer
    pagination_class = ByUpdate

    def get_queryset(self) -> QuerySet[PushDelivery]:
        wanted = checked(self.request, PushDeliveryQuery)
        return push.deliveries(caller(self.request), **wanted)


class PushDeliveryDetail(APIView):
    @extend_schema(
        operation_id="push_deliveries_show",
        responses={200: PushDeliverySerializer, **refusals(404)},
    )
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """One event that one webhook was to be told."""
        found = push.access_delivery(caller(request), delivery_id)
        return Response(PushDeliverySerializer(found).data)


class PushDeliveryReplay(APIView):
    @extend_schema(
        operation_id="push_deliveries_replay",
        request=None,
        responses={202: PushDeliverySerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Tell a webhook an event once more."""
        found = services.replay_delivery(caller(request), delivery_id)
        return Response(PushDeliverySerializer(found).data, status=202)


class PushTaskReplay(APIView):
    @extend_schema(
        operation_id="push_tasks_replay",
        request=None,
        responses={202: Replayed, **refusals(404)},
    )
    def post(self, request: Request, task_id: UUID) -> Response:
        """Tell webhooks once more everything of a task that was given up."""
        count = services.replay_dead(caller(request), task_id)
        return Response({"replayed": count}, status=202)
