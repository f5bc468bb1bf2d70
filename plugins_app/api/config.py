"""/api/v1/plugins/{name}/config and its revisions."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services, verdicts
from plugins_app.api.shapes import PluginSerializer
from plugins_app.api.texts import PARSERS, RENDERERS, FormatFirst, Text
from plugins_app.configuration import formats
from plugins_app.errors import InvalidConfig
from plugins_app.models import ConfigRevision
from plugins_app.services.config import MAX_NOTE
from security.authentication import caller
from security.errors import InvalidInput
from security.schema import checked, listed, refusals

FORMATS = {
    (kind, text): (OpenApiTypes.OBJECT if text.endswith("json") else OpenApiTypes.STR)
    for kind, text in (
        (200, "application/json"),
        (200, "application/yaml"),
        (200, "application/toml"),
    )
}
BODIES = {
    "application/json": OpenApiTypes.OBJECT,
    "application/yaml": OpenApiTypes.STR,
    "application/toml": OpenApiTypes.STR,
}
FORMAT = OpenApiParameter("format", str, enum=formats.FORMATS, description="Instead of `Accept`.")


class ConfigDifference(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="The dotted field.")
    kind = serializers.ChoiceField(("added", "removed", "changed"))
    before = serializers.JSONField(help_text="Secrets are ********.")
    after = serializers.JSONField()


class ConfigQuery(serializers.Serializer[Any]):
    note = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=MAX_NOTE,
        help_text="Why, for the history.",
    )  # fmt: skip
    base = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, allow_null=True, default=None,
        help_text="The revision that was changed: refused with 409 when it is no longer the newest.",
    )  # fmt: skip


class Checked(serializers.Serializer[Any]):
    changes = ConfigDifference(many=True)
    problems = serializers.DictField(
        child=serializers.CharField(), help_text="By dotted field; empty: it would be taken."
    )
    asked = serializers.BooleanField(help_text="Whether a process of the plugin was asked.")
    plugin = serializers.CharField(help_text="What it said, or why it was not asked.")


class RevisionRow(serializers.ModelSerializer[ConfigRevision]):
    class Meta:
        model = ConfigRevision
        fields = ("number", "author", "note", "restored", "created")
        read_only_fields = fields


class RevisionDetail(RevisionRow):
    config = serializers.JSONField(help_text="Secrets are references.")
    changes = ConfigDifference(
        many=True, help_text="Since the revision before, or since `against`."
    )

    class Meta(RevisionRow.Meta):
        fields = (*RevisionRow.Meta.fields, "config", "changes")  # type: ignore[assignment]


class RevisionQuery(serializers.Serializer[Any]):
    against = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, allow_null=True, default=None,
        help_text="Another revision to compare with; 0 is plugin.yaml's.",
    )  # fmt: skip


class Restoring(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_NOTE)


class PluginConfig(APIView):
    parser_classes = PARSERS
    renderer_classes = RENDERERS
    content_negotiation_class = FormatFirst

    @extend_schema(
        operation_id="plugins_config",
        parameters=[FORMAT],
        responses={**FORMATS, **refusals(400, 404)},
    )
    def get(self, request: Request, ref: str) -> Response | HttpResponse:
        """The configuration, for who may change it: secrets are references, `{"$secret": "<name>"}`."""
        config = selectors.shown_config(caller(request), ref)
        renderer = request.accepted_renderer
        if renderer.format == "json":
            return Response(config)
        return HttpResponse(formats.written(config, renderer.format), renderer.media_type)

    @extend_schema(
        operation_id="plugins_configure",
        parameters=[ConfigQuery],
        request=BODIES,
        responses={202: PluginSerializer, **refusals(400, 404, 409)},
    )
    def put(self, request: Request, ref: str) -> Response:
        """Replace the configuration by a new revision. Processes that can take it as they run, the others are replaced.

        Secrets are sealed; `********` keeps the one that is there. A running process is asked first whether it would do.
        """
        asked = checked(request, ConfigQuery, request.query_params)
        sent = _sent(request)
        try:
            verdicts.require_agreed(caller(request), ref, dict(sent))
            plugin = services.configure(caller(request), ref, dict(sent), **asked)
        except InvalidConfig as error:
            raise _on_its_line(error, sent) from None
        return Response(PluginSerializer(plugin).data, status=202)


class PluginConfigCheck(APIView):
    parser_classes = PARSERS

    @extend_schema(
        operation_id="plugins_config_check",
        request=BODIES,
        responses={200: Checked, **refusals(400, 404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """What a configuration would change, and what is wrong with it. Changes nothing."""
        sent = _sent(request)
        found = verdicts.judge(caller(request), ref, dict(sent))
        told = {
            "changes": [asdict(change) for change in found.candidate.changes],
            "problems": formats.with_lines(found.problems, sent.text, sent.format),
            "asked": found.asked,
            "plugin": found.told,
        }
        return Response(told)


@listed("plugins_config_revisions", RevisionRow, None, 404)
class PluginRevisions(ListAPIView[ConfigRevision]):
    """Its configurations, newest first. Revision 0, plugin.yaml's, is not listed."""

    queryset = ConfigRevision.objects.none()
    serializer_class = RevisionRow

    def get_queryset(self) -> QuerySet[ConfigRevision]:
        return selectors.revisions(caller(self.request), self.kwargs["ref"])


class PluginRevision(APIView):
    @extend_schema(
        operation_id="plugins_config_revision",
        parameters=[RevisionQuery],
        responses={200: RevisionDetail, **refusals(400, 404)},
    )
    def get(self, request: Request, ref: str, number: int) -> Response:
        """One configuration, and what it changed."""
        against = checked(request, RevisionQuery)["against"]
        found = selectors.revision(caller(request), ref, number, against=against)
        return Response(
            {
                **RevisionRow(found.row).data,
                "config": found.config,
                "changes": [asdict(change) for change in found.changes],
            }
        )


class PluginConfigRestore(APIView):
    @extend_schema(
        operation_id="plugins_config_restore",
        request=Restoring,
        responses={202: PluginSerializer, **refusals(400, 404)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Go back to a revision, by a new one like it."""
        asked = checked(request, Restoring)
        plugin = services.restore_config(caller(request), ref, asked["number"], note=asked["note"])
        return Response(PluginSerializer(plugin).data, status=202)


def _sent(request: Request) -> Text:
    sent = request.data
    if not isinstance(sent, Text):  # no body at all: no parser was asked
        raise InvalidInput(_("Send the whole configuration as the body."))
    return sent


def _on_its_line(error: InvalidConfig, sent: Text) -> InvalidConfig:
    """JSON bodies are programs' own: lines mean nothing to those."""
    if sent.format == "json":
        return error
    return InvalidConfig.of(formats.with_lines(error.fields, sent.text, sent.format))
