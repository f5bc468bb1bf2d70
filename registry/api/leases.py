"""/api/v1: agents that say themselves that they are there."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import services
from registry.models import Agent
from registry.services.leases import MAX_LEASE, MIN_LEASE, SAID
from security.authentication import caller
from security.schema import checked, refusals


class Heartbeat(serializers.Serializer[Any]):
    state = serializers.ChoiceField(
        choices=[state.value for state in SAID],
        required=False,
        default="ready",
        help_text="shutdown ends the lease.",
    )
    lease_seconds = serializers.IntegerField(
        required=False,
        min_value=MIN_LEASE,
        max_value=MAX_LEASE,
        help_text="As before, if left out.",
    )


class LeaseSerializer(serializers.ModelSerializer[Agent]):
    class Meta:
        model = Agent
        fields: tuple[str, ...] = ("slug", "state", "heartbeat", "lease_seconds", "lease_until")
        read_only_fields = fields


class AgentHeartbeat(APIView):
    @extend_schema(
        operation_id="agents_heartbeat",
        request=Heartbeat,
        responses={200: LeaseSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """An agent that lives elsewhere says that it is there. Its lease runs anew; silent beyond it, it is unknown."""
        given = checked(request, Heartbeat)
        agent = services.heartbeat_agent(caller(request), ref, **given)
        return Response(LeaseSerializer(agent).data)
