"""/api/v1/tasks."""

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
from routing.models import Task, TaskEvent, TaskState
from security.authentication import caller
from security.pagination import ByUpdate
from security.schema import checked, listed, refusals


class TaskSerializer(serializers.ModelSerializer[Task]):
    agent = serializers.CharField(source="agent.slug", read_only=True)
    caller = serializers.CharField(source="owner", read_only=True)
    caller_label = serializers.CharField(source="owner_label", read_only=True)
    usage = serializers.JSONField(
        read_only=True,
        help_text="Of models, over all turns: inputTokens, outputTokens, models, and where it is known cost and currency.",
    )
    events_total = serializers.IntegerField(source="seq", read_only=True)

    class Meta:
        model = Task
        fields: tuple[str, ...] = ("id", "agent", "state", "context_id", "caller", "caller_label")
        fields += ("door", "reason", "request_id", "events_total", "created", "updated", "closed")
        fields += ("parent", "trace", "usage")
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
    trace = serializers.RegexField(
        r"^[0-9a-f]{32}$", required=False, help_text="Of all tasks that belong together."
    )
    parent = serializers.UUIDField(  # type: ignore[assignment]
        required=False, help_text="The task whose turn asked for these."
    )


@listed("tasks_list", TaskSerializer, TaskQuery, 400)
class Tasks(ListAPIView[Task]):
    """Tasks the caller may see, last changed first."""

    queryset = Task.objects.none()
    serializer_class = TaskSerializer
    pagination_class = ByUpdate

    def get_queryset(self) -> QuerySet[Task]:
        wanted = checked(self.request, TaskQuery)
        return _narrowed(selectors.tasks(caller(self.request)), wanted)


def _narrowed(found: QuerySet[Task], wanted: dict[str, Any]) -> QuerySet[Task]:
    if state := wanted.get("state"):
        found = found.filter(state=state)
    if agent := wanted.get("agent"):
        found = found.filter(_agent(agent))
    if context_id := wanted.get("context_id"):
        found = found.filter(context_id=context_id)
    if trace := wanted.get("trace"):
        found = found.filter(trace=trace)
    if parent := wanted.get("parent"):
        found = found.filter(parent=parent)
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
