"""What the API tells of plugins, their processes and agents."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from plugins_app import selectors
from plugins_app.models import Plugin, PluginEvent, PluginInstance
from registry.models import Agent


class ProcessSerializer(serializers.ModelSerializer[PluginInstance]):
    node = serializers.CharField(source="node.name", read_only=True)

    class Meta:
        model = PluginInstance
        fields: tuple[str, ...] = ("id", "ordinal", "pid", "node", "state", "reason", "address")
        fields += ("rss_bytes", "cpu_percent", "in_flight", "restarts", "started", "ready")
        fields += ("generation", "revision", "isolation", "standbys", "certificate_expires")
        read_only_fields = fields


class HostedAgentSerializer(serializers.ModelSerializer[Agent]):
    class Meta:
        model = Agent
        fields = ("slug", "state", "reason")
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
        fields += ("revision", "reload", "standby", "created", "updated")
        read_only_fields = fields

    def get_version(self, plugin: Plugin) -> str | None:
        return plugin.release.version if plugin.release else None


class InstallationSerializer(serializers.Serializer[Any]):
    """How far its release is, or the one that is to take over, on the node that is furthest behind."""

    release = serializers.UUIDField(source="release_id", read_only=True)
    version = serializers.CharField(read_only=True)
    state = serializers.CharField(
        read_only=True,
        help_text="none (prepared at its first start), queued, unpacking, environment, checking, ready, failed",
    )
    progress = serializers.IntegerField(read_only=True, help_text="Percent.")
    reason = serializers.CharField(read_only=True)


class PluginDetailSerializer(PluginSerializer):
    allowed_hosts = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Of those its manifest lists, what an admin let it have while it is public.",
    )
    code_folders = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Of own code, which it may read."
    )
    installation = serializers.SerializerMethodField()
    processes = serializers.SerializerMethodField()
    agents = serializers.SerializerMethodField()

    class Meta(PluginSerializer.Meta):
        fields: tuple[str, ...] = (*PluginSerializer.Meta.fields, "allowed_hosts", "code_folders")
        fields += ("installation", "processes", "agents")
        read_only_fields = fields

    @extend_schema_field(InstallationSerializer(allow_null=True))
    def get_installation(self, plugin: Plugin) -> Any:
        found = selectors.installation_of(plugin)
        return None if found is None else InstallationSerializer(found).data

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
