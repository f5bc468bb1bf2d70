"""/api/v1/push: webhooks, and what became of telling them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from routing import selectors, services
from routing.models import PushConfig, PushDelivery
from security.authentication import caller
from security.pagination import ByUpdate
from security.schema import checked, listed, refusals


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
        return selectors.push_configs(caller(self.request), wanted.get("task"))


@listed("push_deliveries_list", PushDeliverySerializer, PushDeliveryQuery, 400)
class PushDeliveries(ListAPIView[PushDelivery]):
    """What became of telling webhooks, the last tried first."""

    queryset = PushDelivery.objects.none()
    serializer_class = PushDeliverySerializer
    pagination_class = ByUpdate

    def get_queryset(self) -> QuerySet[PushDelivery]:
        wanted = checked(self.request, PushDeliveryQuery)
        return selectors.push_deliveries(caller(self.request), **wanted)


class PushDeliveryDetail(APIView):
    @extend_schema(
        operation_id="push_deliveries_show",
        responses={200: PushDeliverySerializer, **refusals(404)},
    )
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """One event that one webhook was to be told."""
        found = selectors.access_push_delivery(caller(request), delivery_id)
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
