"""/api/v1/join-tokens and /api/v1/joined: plugin processes on other machines, and what lets them in."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app.models import JoinToken, PluginInstance
from plugins_app.selectors import joining as questions
from plugins_app.services import guests, join_tokens
from security.authentication import caller
from security.schema import checked, listed, refusals


class JoinTokenSerializer(serializers.ModelSerializer[JoinToken]):
    plugin = serializers.CharField(source="plugin.slug", read_only=True)
    is_usable = serializers.BooleanField(read_only=True)

    class Meta:
        model = JoinToken
        fields: tuple[str, ...] = ("id", "name", "plugin", "expires", "uses_left", "is_usable")
        fields += ("revoked", "used", "created_by", "created")
        read_only_fields = fields


class NewJoinToken(serializers.Serializer[Any]):
    plugin = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=100)
    seconds = serializers.IntegerField(
        default=3600,
        min_value=60,
        max_value=31_536_000,
        help_text="How long it lets anybody in.",
    )
    uses = serializers.IntegerField(
        default=1,
        min_value=1,
        max_value=10_000,
        allow_null=True,
        help_text="How many processes it lets in; null: any number.",
    )


class JoinTokenWithText(JoinTokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once.")
    command = serializers.CharField(
        read_only=True, help_text="To be run in the plugin's folder on the other machine."
    )
    is_open = serializers.BooleanField(
        read_only=True, help_text="False: AGENTX_JOIN_PORT is not set, so nobody can join."
    )

    class Meta(JoinTokenSerializer.Meta):
        fields = (*JoinTokenSerializer.Meta.fields, "token", "command", "is_open")


class JoinedSerializer(serializers.ModelSerializer[PluginInstance]):
    plugin = serializers.CharField(source="plugin.slug", read_only=True)
    node = serializers.CharField(source="node.name", read_only=True)
    version = serializers.CharField(source="release.version", read_only=True)

    class Meta:
        model = PluginInstance
        fields = (
            *("id", "plugin", "node", "version", "state", "reason", "pid", "address", "started"),
            *("certificate_expires", "in_flight", "messages_total", "errors_total", "sampled"),
        )
        read_only_fields = fields


@listed("join_tokens_list", JoinTokenSerializer)
class JoinTokens(ListAPIView[JoinToken]):
    """What lets plugin processes in from elsewhere; never the tokens' text."""

    queryset = JoinToken.objects.none()
    serializer_class = JoinTokenSerializer

    def get_queryset(self) -> QuerySet[JoinToken]:
        return questions.join_tokens(caller(self.request))

    @extend_schema(
        operation_id="join_tokens_create",
        request=NewJoinToken,
        responses={201: JoinTokenWithText, **refusals(400, 404)},
    )
    def post(self, request: Request) -> Response:
        """Make a token. Its text is in this response and nowhere else."""
        given = checked(request, NewJoinToken)
        token, text = join_tokens.create_token(caller(request), given.pop("plugin"), **given)
        told = {
            "token": text,
            "command": questions.command_of(text),
            "is_open": questions.is_open(),
        }
        return Response(JoinTokenSerializer(token).data | told, status=201)


class JoinTokenDetail(APIView):
    @extend_schema(
        operation_id="join_tokens_revoke",
        responses={204: OpenApiResponse(description="Revoked."), **refusals(404)},
    )
    def delete(self, request: Request, token_id: UUID) -> Response:
        """End a token, at once and for good. Processes that joined with it stay."""
        join_tokens.revoke_token(caller(request), token_id)
        return Response(status=204)


@listed("joined_list", JoinedSerializer)
class Joined(ListAPIView[PluginInstance]):
    """Plugin processes that called home and are there."""

    queryset = PluginInstance.objects.none()
    serializer_class = JoinedSerializer

    def get_queryset(self) -> QuerySet[PluginInstance]:
        return questions.joined_processes(caller(self.request))


class JoinedDismiss(APIView):
    @extend_schema(
        operation_id="joined_dismiss",
        request=None,
        responses={202: JoinedSerializer, **refusals(404)},
    )
    def post(self, request: Request, instance_id: UUID) -> Response:
        """Ask one process to finish its messages and leave."""
        row = guests.dismiss(caller(request), instance_id)
        return Response(JoinedSerializer(row).data, status=202)
