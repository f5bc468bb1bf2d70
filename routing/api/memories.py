"""/api/v1/agents/{ref}/memory."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from routing import selectors, services
from routing.models import ConversationMemory
from security.authentication import caller
from security.pagination import ByUpdate
from security.schema import listed, refusals


class MemorySerializer(serializers.ModelSerializer[ConversationMemory]):
    caller = serializers.CharField(source="owner", read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="Bytes.")
    turn = serializers.UUIDField(read_only=True, help_text="The task whose turn it is, if any.")

    class Meta:
        model = ConversationMemory
        fields = ("context_id", "caller", "size", "revision", "turn", "updated")
        read_only_fields = fields


class ForgottenSerializer(serializers.Serializer[Any]):
    forgotten = serializers.IntegerField(help_text="Conversations.")


@listed("agents_memory_list", MemorySerializer, None, 404)
class AgentMemories(ListAPIView[ConversationMemory]):
    """What an agent remembers of conversations: how much and since when, never what. Last used first."""

    queryset = ConversationMemory.objects.none()
    serializer_class = MemorySerializer
    pagination_class = ByUpdate

    def get_queryset(self) -> QuerySet[ConversationMemory]:
        return selectors.memories(caller(self.request), self.kwargs["ref"])

    @extend_schema(
        operation_id="agents_memory_forget_all",
        request=None,
        responses={200: ForgottenSerializer, **refusals(404)},
    )
    def delete(self, request: Request, ref: str) -> Response:
        """Forget all conversations of an agent: one's own, or everybody's for who manages plugins."""
        return Response({"forgotten": services.forget_memories(caller(request), ref)})


class AgentMemory(APIView):
    @extend_schema(
        operation_id="agents_memory_forget",
        request=None,
        responses={200: ForgottenSerializer, **refusals(404)},
    )
    def delete(self, request: Request, ref: str, context_id: str) -> Response:
        """Forget what an agent remembers of one conversation."""
        count = services.forget_memory(caller(request), ref, context_id)
        return Response({"forgotten": count})
