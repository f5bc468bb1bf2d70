"""/api/v1/plugins/load: take in a plugin."""

from pathlib import Path
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import services
from plugins_app.api.shapes import PluginDetailSerializer
from security.authentication import caller
from security.schema import checked, refusals


class Installation(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=1000, help_text="Folder that holds plugin.yaml.")
    config = serializers.DictField(required=False, allow_null=True)


class PluginLoad(APIView):
    @extend_schema(
        operation_id="plugins_load",
        request=Installation,
        responses={201: PluginDetailSerializer, **refusals(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Install a plugin from a folder of the machine AgentX runs on. Start it in a further call."""
        given = checked(request, Installation)
        with transaction.atomic():  # installed with this configuration or not at all
            plugin = services.install(caller(request), Path(given["path"]))
            if given.get("config"):
                plugin = services.configure(caller(request), plugin.slug, given["config"])
        return Response(PluginDetailSerializer(plugin).data, status=201)
