"""/api/v1/plugins: what is installed, what runs of it, and what is wanted."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services
from plugins_app.models import MAX_REPLICAS, Plugin, PluginEvent, PluginInstance
from registry.models import Agent
from security.authentication import caller
from security.pagination import BySlug, ByTime
from security.schema import checked, listed, refusals

MAX_LOG_LINES = 2000


class ProcessSerializer(serializers.ModelSerializer[PluginInstance]):
    node = serializers.CharField(source="node.name", read_only=True)

    class Meta:
        model = PluginInstance
        fields: tuple[str, ...] = ("id", "ordinal", "pid", "node", "state", "reason", "address")
        fields += ("rss_bytes", "cpu_percent", "in_flight", "restarts", "started", "generation")
        read_only_fields = fields


class HostedAgentSerializer(serializers.ModelSerializer[Agent]):
    class Meta:
        model = Agent
        fields = ("slug", "state")
        read_only_fields = fields


class PluginSerializer(serializers.ModelSerializer[Plugin]):
    name = serializers.CharField(source="slug", read_only=True)
    version = serializers.SerializerMethodField()
    replicas = serializers.IntegerField(
        source="desired_replicas", read_only=True, help_text="How many processes are wanted."
    )

    class Meta:
        model = Plugin
        fields: tuple[str, ...] = ("id", "name", "version", "description", "kind", "priority")
        fields += ("framework", "trust", "state", "reason", "desired", "replicas", "generation")
        fields += ("created", "updated")
        read_only_fields = fields

    def get_version(self, plugin: Plugin) -> str | None:
        return plugin.release.version if plugin.release else None


class PluginDetailSerializer(PluginSerializer):
    processes = serializers.SerializerMethodField()
    agents = serializers.SerializerMethodField()

    class Meta(PluginSerializer.Meta):
        fields = (*PluginSerializer.Meta.fields, "processes", "agents")
        read_only_fields = fields

    @extend_schema_field(ProcessSerializer(many=True))
    def get_processes(self, plugin: Plugin) -> Any:
        return ProcessSerializer(selectors.instances_of(plugin), many=True).data

    @extend_schema_field(HostedAgentSerializer(many=True))
    def get_agents(self, plugin: Plugin) -> Any:
        hosted = (row.agent for row in plugin.hosted_agents.select_related("agent"))
        return HostedAgentSerializer([a for a in hosted if a.retired is None], many=True).data


class PluginEventSerializer(serializers.ModelSerializer[PluginEvent]):
    instance = serializers.UUIDField(  # type: ignore[assignment]
        source="instance_id", read_only=True, allow_null=True
    )

    class Meta:
        model = PluginEvent
        fields = ("id", "time", "type", "instance", "message", "data")
        read_only_fields = fields


class Installation(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=1000, help_text="Folder that holds plugin.yaml.")
    config = serializers.DictField(required=False, allow_null=True)


class Replicas(serializers.Serializer[Any]):
    replicas = serializers.IntegerField(min_value=1, max_value=MAX_REPLICAS)


class Configuration(serializers.Serializer[Any]):
    config = serializers.DictField()


class LogQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        required=False, default=200, min_value=1, max_value=MAX_LOG_LINES
    )
    after = serializers.RegexField(
        r"^\d{1,20}(-\d{1,20})?$", required=False, allow_blank=True, default="",
        help_text="A line's id: only what came later.",
    )  # fmt: skip


class LogLine(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField(help_text="Give the last one as `after` to read on.")
    instance = serializers.CharField()  # type: ignore[assignment]
    ordinal = serializers.IntegerField()
    time = serializers.CharField()
    level = serializers.CharField()
    text = serializers.CharField()


@listed("plugins_list", PluginSerializer)
class Plugins(ListAPIView[Plugin]):
    """What is installed."""

    queryset = Plugin.objects.none()
    serializer_class = PluginSerializer
    pagination_class = BySlug

    def get_queryset(self) -> QuerySet[Plugin]:
        return selectors.plugins(caller(self.request))


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


class PluginLogs(APIView):
    @extend_schema(
        operation_id="plugins_logs",
        parameters=[LogQuery],
        responses={200: LogLine(many=True), **refusals(400, 404)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """The newest log lines of its processes, oldest first."""
        wanted = checked(request, LogQuery)
        return Response(selectors.log_lines(caller(request), ref, **wanted))


@listed("plugins_events", PluginEventSerializer, None, 404)
class PluginEvents(ListAPIView[PluginEvent]):
    """What happened to it, newest first."""

    queryset = PluginEvent.objects.none()
    serializer_class = PluginEventSerializer
    pagination_class = ByTime

    def get_queryset(self) -> QuerySet[PluginEvent]:
        return selectors.events_of(caller(self.request), self.kwargs["ref"])
