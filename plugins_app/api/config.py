"""/api/v1/plugins/{name}/config."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services
from plugins_app.api.shapes import PluginSerializer
from security.authentication import caller
from security.schema import checked, refusals


class Configuration(serializers.Serializer[Any]):
    config = serializers.DictField()


class PluginConfig(APIView):
    @extend_schema(
        operation_id="plugins_config",
        responses={200: OpenApiTypes.OBJECT, **refusals(404)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """The configuration, for who may change it."""
        return Response(selectors.config_of(caller(request), ref))

    @extend_schema(
        operation_id="plugins_configure",
        request=OpenApiTypes.OBJECT,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def put(self, request: Request, ref: str) -> Response:
        """Replace the configuration; processes are replaced by ones that have it."""
        config = checked(request, Configuration, {"config": request.data})["config"]
        plugin = services.configure(caller(request), ref, config)
        return Response(PluginSerializer(plugin).data, status=202)
