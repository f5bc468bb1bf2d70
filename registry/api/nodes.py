"""/api/v1: nodes."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import selectors
from registry.models import Node
from security.authentication import caller
from security.pagination import ByName
from security.schema import listed, refusals


class NodeSerializer(serializers.ModelSerializer[Node]):
    class Meta:
        model = Node
        fields: tuple[str, ...] = ("id", "name", "state", "address", "cpus", "memory_bytes")
        fields += ("cpu_percent", "memory_used_bytes", "labels", "version", "heartbeat", "created")
        read_only_fields = fields


@listed("nodes_list", NodeSerializer)
class Nodes(ListAPIView[Node]):
    """The machines that run plugin processes."""

    queryset = Node.objects.none()
    serializer_class = NodeSerializer
    pagination_class = ByName

    def get_queryset(self) -> QuerySet[Node]:
        return selectors.nodes(caller(self.request))


class NodeDetail(APIView):
    @extend_schema(operation_id="nodes_show", responses={200: NodeSerializer, **refusals(404)})
    def get(self, request: Request, ref: str) -> Response:
        """A node, by its name or id."""
        return Response(NodeSerializer(selectors.access_node(caller(request), ref)).data)
