"""/api/v1/plugins/{name}/secrets: which there are, never what they are."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services
from plugins_app.api.shapes import PluginSerializer
from security.authentication import caller
from security.schema import checked, refusals


class SecretRow(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="The dotted field it is for.")
    name = serializers.CharField(help_text='What stands in the configuration: {"$secret": name}.')
    used = serializers.BooleanField(help_text="In the newest revision, not only in older ones.")
    set = serializers.DateTimeField(source="updated")


class SecretValue(serializers.Serializer[Any]):
    value = serializers.CharField(
        trim_whitespace=False, max_length=65_536, write_only=True, help_text="Never told again."
    )


class PluginSecrets(APIView):
    @extend_schema(
        operation_id="plugins_secrets", responses={200: SecretRow(many=True), **refusals(404)}
    )
    def get(self, request: Request, ref: str) -> Response:
        """The secrets of a plugin: their fields and names."""
        return Response(SecretRow(selectors.secret_rows(caller(request), ref), many=True).data)


class PluginSecretDetail(APIView):
    @extend_schema(
        operation_id="plugins_secret_set",
        request=SecretValue,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def put(self, request: Request, ref: str, name: str) -> Response:
        """Set the secret of a dotted field, by a new revision. The field need not look like a secret."""
        value = checked(request, SecretValue)["value"]
        plugin = services.set_secret(caller(request), ref, name, value)
        return Response(PluginSerializer(plugin).data, status=202)

    @extend_schema(
        operation_id="plugins_secret_remove",
        responses={204: OpenApiResponse(description="Gone."), **refusals(400, 404)},
    )
    def delete(self, request: Request, ref: str, name: str) -> Response:
        """Take a secret away, older revisions included, and its field out of the configuration."""
        services.remove_secret(caller(request), ref, name)
        return Response(status=204)
