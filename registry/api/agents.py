"""/api/v1: agents."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import selectors, services
from registry.models import Agent
from security.authentication import caller
from security.pagination import BySlug
from security.schema import listed, refusals


class AgentSerializer(serializers.ModelSerializer[Agent]):
    capabilities = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="Where it takes A2A messages.")
    endpoint = serializers.CharField(read_only=True, help_text="Of a remote agent; else empty.")

    class Meta:
        model = Agent
        fields: tuple[str, ...] = ("id", "slug", "name", "description", "version", "framework")
        fields += (
            "source",
            "state",
            "reason",
            "trust",
            "is_open",
            "capabilities",
            "url",
            "endpoint",
        )
        fields += ("heartbeat", "created", "updated")
        read_only_fields = fields

    def get_capabilities(self, agent: Agent) -> list[str]:
        return sorted(capability.name for capability in agent.capabilities.all())

    def get_url(self, agent: Agent) -> str:
        return f"{settings.PUBLIC_URL}/a2a/{agent.slug}/"


class AgentDetailSerializer(AgentSerializer):
    card = serializers.SerializerMethodField(help_text="A2A AgentCard.")
    card_version = serializers.SerializerMethodField()

    class Meta(AgentSerializer.Meta):
        fields = (*AgentSerializer.Meta.fields, "retry", "metadata", "card", "card_version")
        read_only_fields = fields

    def get_card(self, agent: Agent) -> dict[str, Any] | None:
        return selectors.served_card(agent)

    def get_card_version(self, agent: Agent) -> int | None:
        current = selectors.current_card(agent)
        return current.version if current else None


class AgentStatusSerializer(serializers.Serializer[dict[str, Any]]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=Agent.State.choices)
    available = serializers.BooleanField(help_text="Whether it answers messages now.")
    heartbeat = serializers.DateTimeField(allow_null=True)
    updated = serializers.DateTimeField()


@listed("agents_list", AgentSerializer)
class Agents(ListAPIView[Agent]):
    """Every agent that is not retired."""

    queryset = Agent.objects.none()
    serializer_class = AgentSerializer
    pagination_class = BySlug

    def get_queryset(self) -> QuerySet[Agent]:
        found = selectors.agents(caller(self.request))
        return found.prefetch_related(None).prefetch_related("capabilities")  # no cards here


class AgentDetail(APIView):
    @extend_schema(
        operation_id="agents_show", responses={200: AgentDetailSerializer, **refusals(404)}
    )
    def get(self, request: Request, ref: str) -> Response:
        """An agent, by its slug or id, with its card."""
        return Response(AgentDetailSerializer(selectors.access_agent(caller(request), ref)).data)

    @extend_schema(
        operation_id="agents_retire",
        responses={204: OpenApiResponse(description="Retired."), **refusals(404)},
    )
    def delete(self, request: Request, ref: str) -> Response:
        """Take an agent out of service; what it did stays on record."""
        services.retire_agent(caller(request), ref)
        return Response(status=204)


class AgentStatus(APIView):
    @extend_schema(
        operation_id="agents_status", responses={200: AgentStatusSerializer, **refusals(404)}
    )
    def get(self, request: Request, ref: str) -> Response:
        """How an agent is right now."""
        return Response(AgentStatusSerializer(selectors.agent_status(caller(request), ref)).data)


class AgentOpen(APIView):
    @extend_schema(
        operation_id="agents_open", request=None, responses={200: AgentSerializer, **refusals(404)}
    )
    def post(self, request: Request, ref: str) -> Response:
        """Let anonymous callers use this agent."""
        return Response(AgentSerializer(services.set_agent_open(caller(request), ref, True)).data)


class AgentClose(APIView):
    @extend_schema(
        operation_id="agents_close", request=None, responses={200: AgentSerializer, **refusals(404)}
    )
    def post(self, request: Request, ref: str) -> Response:
        """Ask callers of this agent for a credential again."""
        return Response(AgentSerializer(services.set_agent_open(caller(request), ref, False)).data)
