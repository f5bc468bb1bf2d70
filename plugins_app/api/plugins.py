"""/api/v1/plugins: what is installed, what runs of it, and what is wanted."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services
from plugins_app.api.shapes import PluginDetailSerializer, PluginEventSerializer, PluginSerializer
from plugins_app.models import MAX_REPLICAS, Plugin, PluginEvent
from security.authentication import caller
from security.pagination import BySlug, ByTime
from security.schema import checked, listed, refusals


@listed("plugins_list", PluginSerializer)
class Plugins(ListAPIView[Plugin]):
    """What is installed."""

    queryset = Plugin.objects.none()
    serializer_class = PluginSerializer
    pagination_class = BySlug

    def get_queryset(self) -> QuerySet[Plugin]:
        return selectors.plugins(caller(self.request))


class PluginDetail(APIView):
    @extend_schema(
        operation_id="plugins_show", responses={200: PluginDetailSerializer, **refusals(404)}
    )
    def get(self, request: Request, ref: str) -> Response:
        """A plugin, by its name or id, with its processes and agents."""
        return Response(PluginDetailSerializer(selectors.access_plugin(caller(request), ref)).data)

    @extend_schema(
        operation_id="plugins_uninstall",
        responses={204: OpenApiResponse(description="Gone."), **refusals(404, 409)},
    )
    def delete(self, request: Request, ref: str) -> Response:
        """Stop and uninstall a plugin. Its agents are retired."""
        services.uninstall(caller(request), ref)
        return Response(status=204)


def _wanted(request: Request, ref: str, desired: Plugin.Desired) -> Response:
    plugin = services.set_desired(caller(request), ref, desired)
    return Response(PluginSerializer(plugin).data, status=202)


class PluginStart(APIView):
    @extend_schema(
        operation_id="plugins_start",
        request=None,
        responses={202: PluginSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Want it to run. The answer comes before it does: ask for its state."""
        return _wanted(request, ref, Plugin.Desired.RUNNING)


class PluginStop(APIView):
    @extend_schema(
        operation_id="plugins_stop",
        request=None,
        responses={202: PluginSerializer, **refusals(404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Want no process of it: each drains, then ends."""
        return _wanted(request, ref, Plugin.Desired.STOPPED)


class PluginPause(APIView):
    @extend_schema(
        operation_id="plugins_pause",
        request=None,
        responses={202: PluginSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Keep its processes, take no new messages."""
        return _wanted(request, ref, Plugin.Desired.PAUSED)


class PluginResume(APIView):
    @extend_schema(
        operation_id="plugins_resume",
        request=None,
        responses={202: PluginSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Take messages again."""
        return _wanted(request, ref, Plugin.Desired.RUNNING)


class PluginRestart(APIView):
    @extend_schema(
        operation_id="plugins_restart",
        request=None,
        responses={202: PluginSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Replace its processes one after the other."""
        return Response(PluginSerializer(services.restart(caller(request), ref)).data, status=202)


class Replicas(serializers.Serializer[Any]):
    replicas = serializers.IntegerField(min_value=1, max_value=MAX_REPLICAS)


class PluginScale(APIView):
    @extend_schema(
        operation_id="plugins_scale",
        request=Replicas,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Want this many processes."""
        replicas = checked(request, Replicas)["replicas"]
        plugin = services.scale(caller(request), ref, replicas)
        return Response(PluginSerializer(plugin).data, status=202)


@listed("plugins_events", PluginEventSerializer, None, 404)
class PluginEvents(ListAPIView[PluginEvent]):
    """What happened to it, newest first."""

    queryset = PluginEvent.objects.none()
    serializer_class = PluginEventSerializer
    pagination_class = ByTime

    def get_queryset(self) -> QuerySet[PluginEvent]:
        return selectors.events_of(caller(self.request), self.kwargs["ref"])
