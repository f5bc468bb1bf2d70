"""/api/v1/plugins/{name}/releases: what is installed of a plugin, and from which to which it changes."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors, services
from plugins_app.api.shapes import PluginDetailSerializer
from plugins_app.models import PluginRelease, Preparation
from plugins_app.selectors import Installation
from security.authentication import caller
from security.schema import checked, refusals

MAX_WHICH = 64


class PreparationSerializer(serializers.ModelSerializer[Preparation]):
    node = serializers.CharField(source="node.name", read_only=True)

    class Meta:
        model = Preparation
        fields: tuple[str, ...] = ("node", "state", "progress", "reason", "attempts", "lines")
        fields += ("created", "finished")
        read_only_fields = fields


class ReleaseSerializer(serializers.ModelSerializer[PluginRelease]):
    """`state` and `progress` (percent) are those of the node that is furthest behind."""

    signer = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField(help_text="`none`: prepared when it is first started")
    progress = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    is_current = serializers.SerializerMethodField(help_text="It is what the plugin has.")
    is_next = serializers.SerializerMethodField(help_text="It takes over once it is prepared.")
    is_good = serializers.SerializerMethodField(help_text="A bad one is rolled back to it.")

    class Meta:
        model = PluginRelease
        fields: tuple[str, ...] = ("id", "version", "source", "digest", "trust", "signer")
        fields += ("installed_by", "installed", "state", "progress", "reason")
        fields += ("is_current", "is_next", "is_good")
        read_only_fields = fields

    def get_signer(self, release: PluginRelease) -> str | None:
        return release.signer.name if release.signer else None

    def get_state(self, release: PluginRelease) -> str:
        return self._progress(release).state

    def get_progress(self, release: PluginRelease) -> int:
        return self._progress(release).progress

    def get_reason(self, release: PluginRelease) -> str:
        return self._progress(release).reason

    def get_is_current(self, release: PluginRelease) -> bool:
        return bool(release.plugin.release_id == release.id)

    def get_is_next(self, release: PluginRelease) -> bool:
        return bool(release.plugin.next_release_id == release.id)

    def get_is_good(self, release: PluginRelease) -> bool:
        return bool(release.plugin.good_release_id == release.id)

    def _progress(self, release: PluginRelease) -> Installation:
        return selectors.progress_of(release)


class ReleaseDetailSerializer(ReleaseSerializer):
    nodes = serializers.SerializerMethodField(help_text="What each node made of it.")

    class Meta(ReleaseSerializer.Meta):
        fields = (*ReleaseSerializer.Meta.fields, "nodes", "lock", "manifest")
        read_only_fields = fields

    @extend_schema_field(PreparationSerializer(many=True))
    def get_nodes(self, release: PluginRelease) -> Any:
        return PreparationSerializer(release.on_nodes, many=True).data  # type: ignore[attr-defined]


class ReleaseChange(serializers.Serializer[Any]):
    version = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=MAX_WHICH,
        help_text="A version, or the id of a release. Empty: the newest; to roll back: the one before.",
    )  # fmt: skip


class PluginReleases(APIView):
    @extend_schema(
        operation_id="plugins_releases",
        responses={200: ReleaseSerializer(many=True), **refusals(404)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """Its releases, newest first: few, because old ones are forgotten."""
        return Response(
            ReleaseSerializer(selectors.releases_of(caller(request), ref), many=True).data
        )


class PluginReleaseDetail(APIView):
    @extend_schema(
        operation_id="plugins_release", responses={200: ReleaseDetailSerializer, **refusals(404)}
    )
    def get(self, request: Request, ref: str, which: str) -> Response:
        """One release, by its id or version, with the output of its installation on each node."""
        found = selectors.access_release(caller(request), ref, which)
        return Response(ReleaseDetailSerializer(found).data)

    @extend_schema(
        operation_id="plugins_remove_release",
        responses={204: OpenApiResponse(description="Gone."), **refusals(404, 409)},
    )
    def delete(self, request: Request, ref: str, which: str) -> Response:
        """Forget a release that is not in use."""
        services.remove_release(caller(request), ref, which)
        return Response(status=204)


class PluginUpgrade(APIView):
    @extend_schema(
        operation_id="plugins_upgrade",
        request=ReleaseChange,
        responses={202: PluginDetailSerializer, **refusals(400, 404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Change to another release, installed or in the registry. What runs goes on until it is prepared."""
        version = checked(request, ReleaseChange)["version"]
        plugin = services.upgrade(caller(request), ref, version)
        return Response(PluginDetailSerializer(plugin).data, status=202)


class PluginRollback(APIView):
    @extend_schema(
        operation_id="plugins_rollback",
        request=ReleaseChange,
        responses={202: PluginDetailSerializer, **refusals(400, 404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Go back to an earlier release; without a version to the last good one, else the one before."""
        version = checked(request, ReleaseChange)["version"]
        plugin = services.rollback(caller(request), ref, version)
        return Response(PluginDetailSerializer(plugin).data, status=202)
