"""/api/v1/plugins/load: take in a plugin, from wherever it comes."""

import base64
import binascii
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app.api.shapes import PluginDetailSerializer
from plugins_app.fetching import taking
from plugins_app.models import Plugin, PluginRelease
from plugins_app.packages.archive import MAX_PACKED_BYTES
from plugins_app.services import acceptance
from security import permissions
from security.authentication import caller
from security.errors import InvalidInput, TooLarge
from security.parsers import StrictJsonParser, strict_json
from security.principals import Principal
from security.schema import checked, refusals

ENVELOPE_BYTES: Final = 1 << 20  # of a multipart body, beside the package
SOURCES: Final = ("path", "package", "name")
UPLOADS: Final = [StrictJsonParser, MultiPartParser]


class InstallRequest(serializers.Serializer[Any]):
    """Exactly one of `path`, `package` and `name`."""

    path = serializers.CharField(
        max_length=1000, required=False, help_text="Folder of AgentX's machine with plugin.yaml."
    )
    package = serializers.CharField(
        required=False, help_text="A package in base64; as multipart/form-data it need not be."
    )
    signature = serializers.CharField(
        max_length=128, required=False, allow_blank=True, default="", help_text="Of the package."
    )
    name = serializers.SlugField(
        max_length=64, required=False, help_text="Of a plugin in a registry, or a bundled one."
    )
    version = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="A version, or a range as PEP 440 or semver writes it.",
    )
    registry = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="One of AGENTX_PLUGIN_REGISTRIES; left out: this one, then those.",
    )
    ignore_signature = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Of a registry whose publisher is unknown here: install it as if unsigned.",
    )
    dev = serializers.BooleanField(
        required=False, default=False, help_text="A package of an author at work on it."
    )
    config = serializers.DictField(required=False, allow_null=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if sum(bool(given.get(source)) for source in SOURCES) != 1:
            told = _("Give a path, a package or a name: exactly one of them.")
            raise serializers.ValidationError({"path": told})
        return given


class Upload(serializers.Serializer[Any]):
    package = serializers.FileField(help_text="A package, as `agentx plugin build` makes it.")
    signature = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")
    config = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="A JSON object."
    )


class InstalledSerializer(PluginDetailSerializer):
    warnings = serializers.SerializerMethodField(help_text="What its installer should know.")

    class Meta(PluginDetailSerializer.Meta):
        fields = (*PluginDetailSerializer.Meta.fields, "warnings")
        read_only_fields = fields

    def get_warnings(self, plugin: Plugin) -> list[str]:
        return acceptance.warnings_of(plugin)


class PluginLoad(APIView):
    parser_classes = UPLOADS

    @extend_schema(
        operation_id="plugins_load",
        request={"application/json": InstallRequest, "multipart/form-data": Upload},
        responses={201: InstalledSerializer, **refusals(400, 404, 409, 503)},
    )
    def post(self, request: Request) -> Response:
        """Install a plugin: from a folder of AgentX's machine, a package, or a registry. Start it in a further call."""
        principal = caller(request)
        principal.require(permissions.PLUGINS_MANAGE)
        if is_upload(request):
            content, signature, config = uploaded(request)
            plugin = acceptance.accept(principal, content, signature=signature, config=config)
        else:
            plugin = _installed(principal, checked(request, InstallRequest))
        return Response(InstalledSerializer(plugin).data, status=201)


def is_upload(request: Request) -> bool:
    return (request.content_type or "").startswith("multipart/form-data")


def uploaded(request: Request) -> tuple[bytes, str, dict[str, Any] | None]:
    """Package, signature and configuration of a multipart body. Raises `TooLarge` before it is read."""
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > MAX_PACKED_BYTES + ENVELOPE_BYTES:
        told = _("A package has at most %(most)d MiB.") % {"most": MAX_PACKED_BYTES >> 20}
        raise TooLarge(told)
    given = checked(request, Upload)
    return given["package"].read(), given["signature"], config_in(given["config"])


def config_in(text: str) -> dict[str, Any] | None:
    """A configuration as a form's text has it; None when there is none."""
    if not text.strip():
        return None
    config = strict_json(text.encode(errors="replace"))
    if not isinstance(config, dict):
        raise InvalidInput(
            _("The configuration must be a JSON object."), fields={"config": _("no object")}
        )
    return config


def decoded(package: str) -> bytes:
    try:
        return base64.b64decode(package, validate=True)
    except (binascii.Error, ValueError):
        told = _("The package is not in base64.")
        raise InvalidInput(told, fields={"package": _("is not base64")}) from None


def _installed(principal: Principal, given: dict[str, Any]) -> Plugin:
    config = given.get("config")
    if folder := given.get("path"):
        return acceptance.accept_folder(principal, Path(folder), config=config)
    if package := given.get("package"):
        source = PluginRelease.Source.DEV if given["dev"] else PluginRelease.Source.PACKAGE
        content, signature = decoded(package), given["signature"]
        return acceptance.accept(
            principal, content, source=source, signature=signature, config=config
        )
    name, spec, registry = given["name"], given["version"], given["registry"]
    if not registry:
        plugin = acceptance.install_named(principal, name, spec, config=config)
        if plugin is not None:
            return plugin
    taken = taking.take(name, spec, registry=registry)
    return acceptance.accept(
        principal,
        taken.content,
        source=PluginRelease.Source.MARKET,
        signature="" if given["ignore_signature"] else taken.entry.signature,
        config=config,
    )
