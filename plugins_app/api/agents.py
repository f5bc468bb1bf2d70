"""/api/v1/plugins/{name}/agents: those of its plugin.yaml and those that people made, and the folders they may read."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services, verdicts
from plugins_app.api.config import Checked
from plugins_app.api.shapes import PluginSerializer
from plugins_app.models import HostedAgent
from plugins_app.services.agents import MAX_DESCRIPTION, MAX_NAME
from security.authentication import caller
from security.pagination import ByAddress
from security.schema import checked, listed, refusals

MOST = 2**31 - 1


class ModelRow(serializers.Serializer[Any]):
    name = serializers.CharField()
    base_url = serializers.CharField(help_text="Without anything secret.")
    is_default = serializers.BooleanField(help_text="It is that of AGENTX_MODEL_URL.")
    is_demo = serializers.BooleanField(help_text="Its answers are made up.")


class HostedRow(serializers.ModelSerializer[HostedAgent]):
    slug = serializers.CharField(source="agent.slug", read_only=True)
    name = serializers.CharField(source="agent.name", read_only=True)
    description = serializers.CharField(source="agent.description", read_only=True)
    state = serializers.CharField(source="agent.state", read_only=True)
    reason = serializers.CharField(
        source="agent.reason", read_only=True, help_text="Why it could not be made."
    )
    model = serializers.SerializerMethodField(help_text="What it thinks with, where it says so.")

    class Meta:
        model = HostedAgent
        fields: tuple[str, ...] = ("slug", "name", "description", "state", "reason", "origin")
        fields += ("revision", "author", "updated", "model")
        read_only_fields = fields

    @extend_schema_field(ModelRow(allow_null=True))
    def get_model(self, hosted: HostedAgent) -> Any:
        found = selectors.model_told(hosted.plugin, hosted)
        return None if found is None else asdict(found)


class HostedDetail(HostedRow):
    config = serializers.SerializerMethodField(
        help_text='Secrets are references, {"$secret": "<name>"}.'
    )

    is_settled = serializers.SerializerMethodField(
        help_text="Every process has tried its newest revision, or none is to run."
    )

    class Meta(HostedRow.Meta):
        fields: tuple[str, ...] = (*HostedRow.Meta.fields, "config", "is_settled")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_config(self, hosted: HostedAgent) -> Any:
        return selectors.agent_config_shown(hosted)

    def get_is_settled(self, hosted: HostedAgent) -> bool:
        return selectors.is_settled(hosted)


class Words(serializers.Serializer[Any]):
    name = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_NAME, help_text="As people see it."
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_DESCRIPTION, help_text="One sentence."
    )


class NewAgent(Words):
    slug = serializers.CharField(max_length=64, help_text="Its address: /a2a/<slug>/.")
    config = serializers.DictField(required=False, help_text="As the plugin's agent_schema has it.")


class ChangedAgent(Words):
    """What is left out stays."""

    config = serializers.DictField(required=False, help_text="The whole configuration.")
    base = serializers.IntegerField(
        required=False, min_value=0, max_value=MOST, allow_null=True, default=None,
        help_text="The revision that was changed: refused with 409 when it is no longer the newest.",
    )  # fmt: skip


class CheckedAgent(serializers.Serializer[Any]):
    slug = serializers.CharField(max_length=64)
    config = serializers.DictField()


class AgentSearch(serializers.Serializer[Any]):
    search = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200,
        help_text="Words in address, name and description.",
    )  # fmt: skip


@listed("plugins_agents", HostedRow, AgentSearch, 404)
class PluginAgents(ListAPIView[HostedAgent]):
    """The agents of a plugin, by address."""

    queryset = HostedAgent.objects.none()
    serializer_class = HostedRow
    pagination_class = ByAddress

    def get_queryset(self) -> QuerySet[HostedAgent]:
        search = checked(self.request, AgentSearch)["search"]
        return selectors.hosted_agents(caller(self.request), self.kwargs["ref"], search)

    @extend_schema(
        operation_id="plugins_agent_add",
        request=NewAgent,
        responses={201: HostedDetail, **refusals(400, 404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Have a plugin host one more agent. Its processes make it as they run; one is asked first whether it would."""
        given = checked(request, NewAgent)
        slug, config = given.pop("slug"), given.pop("config", {})
        verdicts.require_agent_agreed(caller(request), ref, slug, config)
        hosted = services.add_agent(caller(request), ref, slug=slug, config=config, **given)
        return Response(HostedDetail(hosted).data, status=201)


class PluginAgentCheck(APIView):
    @extend_schema(
        operation_id="plugins_agent_check",
        request=CheckedAgent,
        responses={200: Checked, **refusals(400, 404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """What an agent's configuration would change, and what is wrong with it. Changes nothing."""
        given = checked(request, CheckedAgent)
        found = verdicts.judge_agent(caller(request), ref, given["slug"], given["config"])
        told = {
            "changes": [asdict(change) for change in found.candidate.changes],
            "problems": found.problems,
            "asked": found.asked,
            "plugin": found.told,
        }
        return Response(told)


class PluginAgent(APIView):
    @extend_schema(operation_id="plugins_agent", responses={200: HostedDetail, **refusals(404)})
    def get(self, request: Request, ref: str, slug: str) -> Response:
        """One agent with its configuration, for who may change it."""
        hosted, _config = selectors.shown_agent(caller(request), ref, slug)
        return Response(HostedDetail(hosted).data)

    @extend_schema(
        operation_id="plugins_agent_change",
        request=ChangedAgent,
        responses={200: HostedDetail, **refusals(400, 404, 409)},
    )
    def put(self, request: Request, ref: str, slug: str) -> Response:
        """Tell it to be otherwise; its conversations go on. The same again tries anew what could not be made."""
        given = checked(request, ChangedAgent)
        if "config" in given:
            selectors.shown_agent(caller(request), ref, slug)
            verdicts.require_agent_agreed(caller(request), ref, slug, given["config"])
        hosted = services.change_agent(caller(request), ref, slug, **given)
        return Response(HostedDetail(hosted).data)

    @extend_schema(
        operation_id="plugins_agent_remove",
        responses={204: OpenApiResponse(description="Gone."), **refusals(404, 409)},
    )
    def delete(self, request: Request, ref: str, slug: str) -> Response:
        """Retire an agent that somebody made. For half a minute `restore` undoes it."""
        services.remove_agent(caller(request), ref, slug)
        return Response(status=204)


class PluginAgentReset(APIView):
    @extend_schema(
        operation_id="plugins_agent_reset",
        request=None,
        responses={200: HostedDetail, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str, slug: str) -> Response:
        """Let an agent of plugin.yaml be as that has it again."""
        hosted = services.reset_agent(caller(request), ref, slug)
        return Response(HostedDetail(hosted).data)


class PluginAgentRestore(APIView):
    @extend_schema(
        operation_id="plugins_agent_restore",
        request=None,
        responses={201: HostedDetail, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str, slug: str) -> Response:
        """Undo the removal of an agent, within half a minute."""
        hosted = services.restore_agent(caller(request), ref, slug)
        return Response(HostedDetail(hosted).data, status=201)


class CodeFolders(serializers.Serializer[Any]):
    folders = serializers.ListField(
        child=serializers.CharField(max_length=400),
        max_length=20,
        help_text="Absolute paths of this machine; empty: none.",
    )


class PluginFolders(APIView):
    @extend_schema(operation_id="plugins_folders", responses={200: CodeFolders, **refusals(404)})
    def get(self, request: Request, ref: str) -> Response:
        """The folders of own code that its processes may read."""
        plugin = selectors.access_plugin(caller(request), ref)
        return Response({"folders": plugin.code_folders})

    @extend_schema(
        operation_id="plugins_folders_allow",
        request=CodeFolders,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def put(self, request: Request, ref: str) -> Response:
        """Let its processes read these folders, and no others. They are replaced now."""
        folders = checked(request, CodeFolders)["folders"]
        plugin = services.allow_folders(caller(request), ref, folders)
        return Response(PluginSerializer(plugin).data, status=202)
