"""/api/v1/plugins/{ref}/reload, standby, attachment: an operator's finer tools."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import services
from plugins_app.api.shapes import PluginSerializer
from plugins_app.models import MAX_STANDBY
from security.authentication import caller
from security.schema import checked, refusals


class PluginReload(APIView):
    @extend_schema(
        operation_id="plugins_reload",
        request=None,
        responses={202: PluginSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Do now what its reload strategy holds back; with nothing held back, replace its processes."""
        return Response(PluginSerializer(services.reload(caller(request), ref)).data, status=202)


class Standby(serializers.Serializer[Any]):
    standby = serializers.IntegerField(
        min_value=0, max_value=MAX_STANDBY, help_text="How many warm processes wait."
    )


class PluginStandby(APIView):
    @extend_schema(
        operation_id="plugins_standby",
        request=Standby,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Keep this many warm processes: started and configured, without messages until one is needed."""
        standby = checked(request, Standby)["standby"]
        plugin = services.set_standby(caller(request), ref, standby)
        return Response(PluginSerializer(plugin).data, status=202)


class AllowedHosts(serializers.Serializer[Any]):
    hosts = serializers.ListField(
        child=serializers.CharField(max_length=300),
        max_length=200,
        help_text="As its manifest writes them; empty: to nobody.",
    )


class PluginHosts(APIView):
    @extend_schema(
        operation_id="plugins_hosts",
        request=AllowedHosts,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def put(self, request: Request, ref: str) -> Response:
        """Let a public plugin talk to these of the hosts that its manifest lists, and to no others."""
        hosts = checked(request, AllowedHosts)["hosts"]
        plugin = services.allow_hosts(caller(request), ref, hosts)
        return Response(PluginSerializer(plugin).data, status=202)


class Reattach(serializers.Serializer[Any]):
    """The line that a plugin started by hand prints."""

    agentx = serializers.IntegerField(help_text="The line's format: 1.")
    plugin = serializers.CharField(max_length=64)
    pid = serializers.IntegerField()
    address = serializers.CharField(max_length=200, help_text="unix: and the path of its socket.")
    launch_id = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=200, write_only=True)
    contract = serializers.IntegerField()


class PluginAttachment(APIView):
    @extend_schema(
        operation_id="plugins_attach",
        request=Reattach,
        responses={202: PluginSerializer, **refusals(400, 404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Send its messages to a process that was started by hand, on the machine of its first process."""
        told = dict(checked(request, Reattach))
        return Response(
            PluginSerializer(services.attach(caller(request), ref, told)).data, status=202
        )

    @extend_schema(
        operation_id="plugins_detach",
        responses={202: PluginSerializer, **refusals(404, 409)},
    )
    def delete(self, request: Request, ref: str) -> Response:
        """Let the attached process go; one of AgentX's own takes its place."""
        return Response(PluginSerializer(services.detach(caller(request), ref)).data, status=202)
