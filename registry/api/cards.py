"""/api/v1: the versions of agents' cards, and what they are signed with."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import selectors, services
from registry.api.remotes import ChangeSerializer
from registry.models import AgentCard, SigningKey
from registry.signing import Verdict
from security.authentication import caller
from security.pagination import NewestFirst
from security.schema import checked, listed, refusals


class ByVersion(NewestFirst):
    ordering = ("-version",)


class CardVersionSerializer(serializers.ModelSerializer[AgentCard]):
    class Meta:
        model = AgentCard
        fields: tuple[str, ...] = ("version", "digest", "is_current", "created")
        read_only_fields = fields


class CardVersionDetailSerializer(CardVersionSerializer):
    card = serializers.JSONField(help_text="What the agent said, without AgentX's addresses.")

    class Meta(CardVersionSerializer.Meta):
        fields = (*CardVersionSerializer.Meta.fields, "card")
        read_only_fields = fields


class ChangesQuery(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is no name for an attribute."""
        newest = 2**31 - 1
        return {
            "from": serializers.IntegerField(min_value=1, max_value=newest, help_text="A version."),
            "to": serializers.IntegerField(min_value=1, max_value=newest, help_text="A later one."),
        }


class SignatureSerializer(serializers.Serializer[Verdict]):
    state = serializers.ChoiceField(choices=["verified", "unsigned", "invalid", "untrusted"])
    why = serializers.CharField()
    kid = serializers.CharField(allow_blank=True)
    jku = serializers.CharField(allow_blank=True, help_text="Where the key is published.")
    algorithm = serializers.CharField(allow_blank=True)


class CardKeySerializer(serializers.ModelSerializer[SigningKey]):
    class Meta:
        model = SigningKey
        fields: tuple[str, ...] = ("kid", "algorithm", "public", "is_current", "created", "retired")
        read_only_fields = fields


class Rotation(serializers.Serializer[Any]):
    algorithm = serializers.ChoiceField(
        choices=SigningKey.Algorithm.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="Empty: as the key before.",
    )


@listed("agents_cards", CardVersionSerializer, None, 404)
class CardVersions(ListAPIView[AgentCard]):
    """Every version of what an agent said of itself, newest first."""

    queryset = AgentCard.objects.none()
    serializer_class = CardVersionSerializer
    pagination_class = ByVersion

    def get_queryset(self) -> QuerySet[AgentCard]:
        return selectors.card_versions(caller(self.request), self.kwargs["ref"])


class CardVersion(APIView):
    @extend_schema(
        operation_id="agents_card",
        responses={200: CardVersionDetailSerializer, **refusals(404)},
    )
    def get(self, request: Request, ref: str, version: int) -> Response:
        """One version of what an agent said of itself."""
        card = selectors.access_card(caller(request), ref, version)
        return Response(CardVersionDetailSerializer(card).data)


class CardChanges(APIView):
    @extend_schema(
        operation_id="agents_card_changes",
        parameters=[ChangesQuery],
        responses={200: ChangeSerializer(many=True), **refusals(400, 404)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """What is different between two versions of an agent's card. Items of lists are told apart by their id."""
        asked = checked(request, ChangesQuery)
        found = selectors.card_changes(caller(request), ref, asked["from"], asked["to"])
        return Response(ChangeSerializer(found, many=True).data)


class CardSignature(APIView):
    @extend_schema(
        operation_id="agents_signature", responses={200: SignatureSerializer, **refusals(404)}
    )
    def get(self, request: Request, ref: str) -> Response:
        """Whether the card that AgentX serves for an agent bears a good signature, and by which key."""
        return Response(SignatureSerializer(services.card_verdict(caller(request), ref)).data)


class CardKeys(APIView):
    @extend_schema(
        operation_id="card_keys_list", responses={200: CardKeySerializer(many=True), **refusals()}
    )
    def get(self, request: Request) -> Response:
        """The published keys that cards are signed with, newest first. Private parts are never shown."""
        found = selectors.card_keys(caller(request))
        return Response(CardKeySerializer(found, many=True).data)


class CardKeyRotate(APIView):
    @extend_schema(
        operation_id="card_keys_rotate",
        request=Rotation,
        responses={201: CardKeySerializer, **refusals(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Sign with a new key from now on. The old one stays published for thirty days."""
        given = checked(request, Rotation)
        key = services.rotate_card_key(caller(request), given["algorithm"])
        return Response(CardKeySerializer(key).data, status=201)
