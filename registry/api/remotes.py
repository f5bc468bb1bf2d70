"""/api/v1: agents that live elsewhere. What the network says is waited for here, before any service is called."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import services, upstreams
from registry.api.agents import AgentDetailSerializer
from registry.connections import headers_of, interface_of
from registry.fetching import Fetcher, find_card, look_at
from registry.models import HealthCheck, Upstream
from registry.services.credentials import checked as checked_credentials
from registry.services.leases import MAX_LEASE, MIN_LEASE
from registry.services.previews import preview_of
from registry.services.remotes import checked_keys
from registry.sightings import FoundCard, Look
from security import permissions
from security.authentication import caller
from security.schema import checked, refusals

Waited = TypeVar("Waited")


class Registration(serializers.Serializer[Any]):
    name = serializers.CharField(
        max_length=200, required=False, help_text="Of the card, if left out."
    )
    card_url = serializers.CharField(
        max_length=500, required=False, help_text="Of the card, or of the folder it is found in."
    )
    endpoint = serializers.CharField(
        max_length=500,
        required=False,
        help_text="http:// or https:// URL of an interface: in place of card_url, or to choose one of its card's.",
    )
    capabilities = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        default=list,
        max_length=100,
        help_text="Those of the card's skills, if left out.",
    )
    metadata = serializers.DictField(required=False, default=dict)
    credentials = serializers.DictField(
        required=False,
        help_text=(
            "{scheme: bearer, token}, {scheme: basic, username, password} or {scheme: apiKey, value, name: header}. "
            "Kept sealed, never told again; left out: those of before, for the servers they were given for."
        ),
    )
    trusted_keys = serializers.DictField(
        required=False, help_text="A JWK set: whose signature of its card counts."
    )
    lease_seconds = serializers.IntegerField(
        required=False,
        min_value=MIN_LEASE,
        max_value=MAX_LEASE,
        help_text="It says so often, by heartbeats, that it is there; left out: it need not.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("card_url") and not (given.get("endpoint") and given.get("name")):
            raise serializers.ValidationError({"card_url": "or name and endpoint are required"})
        return given


class PreviewRequest(serializers.Serializer[Any]):
    card_url = serializers.CharField(max_length=500)
    endpoint = serializers.CharField(max_length=500, required=False)
    name = serializers.CharField(max_length=200, required=False)
    credentials = serializers.DictField(required=False)
    trusted_keys = serializers.DictField(required=False)


class InterfaceSerializer(serializers.Serializer[Any]):
    url = serializers.CharField()
    binding = serializers.CharField(help_text="JSONRPC, HTTP+JSON or GRPC.")
    version = serializers.CharField(help_text="1.0 or 0.3.")
    tenant = serializers.CharField(allow_blank=True)


class ChangeSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    kind = serializers.ChoiceField(choices=("added", "removed", "changed"))
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class PreviewSerializer(serializers.Serializer[Any]):
    card_url = serializers.CharField(source="found.url", help_text="Where the card was found.")
    card = serializers.DictField(source="found.card", help_text="As it is there.")
    signature = serializers.ChoiceField(
        source="found.signature", choices=Upstream.Signature.choices
    )
    signature_detail = serializers.CharField(source="found.signature_detail", allow_blank=True)
    interface = InterfaceSerializer(help_text="The one that AgentX would use.")
    interfaces = InterfaceSerializer(many=True, help_text="All that AgentX speaks.")
    slug = serializers.CharField(help_text="The address it would have here.")
    name = serializers.CharField()
    is_taken = serializers.BooleanField(help_text="Whether another agent has that address.")
    capabilities = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(child=serializers.CharField())


class CheckSerializer(serializers.ModelSerializer[HealthCheck]):
    class Meta:
        model = HealthCheck
        fields = ("time", "is_ok", "detail", "milliseconds")
        read_only_fields = fields


class UpstreamSerializer(serializers.ModelSerializer[Upstream]):
    interface = serializers.SerializerMethodField()
    credentials = serializers.SerializerMethodField(help_text="Their scheme; nothing more.")
    drift = serializers.SerializerMethodField(
        help_text="What the card that waits for approval changes."
    )
    checks = serializers.SerializerMethodField(help_text="The newest first.")

    class Meta:
        model = Upstream
        fields: tuple[str, ...] = ("card_url", "interface", "credentials", "streaming", "health")
        fields += ("detail", "since", "failures", "checked", "next_check", "fetched", "digest")
        fields += ("signature", "signature_detail", "pending_card", "pending_since", "drift")
        fields += ("checks",)
        read_only_fields = fields

    def get_interface(self, upstream: Upstream) -> dict[str, Any]:
        return dict(InterfaceSerializer(interface_of(upstream)).data)

    def get_credentials(self, upstream: Upstream) -> str:
        return upstreams.scheme_of(upstream)

    def get_drift(self, upstream: Upstream) -> list[dict[str, Any]]:
        return [dict(ChangeSerializer(each).data) for each in upstreams.drift_of(upstream)]

    def get_checks(self, upstream: Upstream) -> list[dict[str, Any]]:
        return [dict(CheckSerializer(each).data) for each in upstreams.checks_of(upstream)]


class AgentRegister(APIView):
    @extend_schema(
        operation_id="agents_register",
        request=Registration,
        responses={201: AgentDetailSerializer, **refusals(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Register an agent that lives elsewhere, by its card or endpoint. The same again updates it and approves its card."""
        given = checked(request, Registration)
        principal = caller(request)
        principal.require(permissions.AGENTS_MANAGE)
        card_url = given.pop("card_url", "")
        found = _found(card_url, given) if card_url else None
        agent = services.register_remote_agent(principal, found=found, **given)
        return Response(AgentDetailSerializer(agent).data, status=201)


class AgentPreview(APIView):
    @extend_schema(
        operation_id="agents_preview",
        request=PreviewRequest,
        responses={200: PreviewSerializer, **refusals(400)},
    )
    def post(self, request: Request) -> Response:
        """The card at a URL, who signed it, and what registering it would make. Nothing is kept."""
        given = checked(request, PreviewRequest)
        principal = caller(request)
        principal.require(permissions.AGENTS_MANAGE)
        found = _found(given["card_url"], given)
        told = preview_of(
            principal, found, name=given.get("name", ""), endpoint=given.get("endpoint", "")
        )
        return Response(PreviewSerializer(told).data)


class AgentUpstream(APIView):
    @extend_schema(
        operation_id="agents_upstream",
        responses={200: UpstreamSerializer, **refusals(404, 409)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """Of an agent elsewhere: how it is reached, how it was last seen, and what has changed in its card."""
        return Response(UpstreamSerializer(upstreams.access_upstream(caller(request), ref)).data)


class UpstreamCheck(APIView):
    @extend_schema(
        operation_id="agents_upstream_check",
        request=None,
        responses={200: UpstreamSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Look at an agent elsewhere now."""
        principal = caller(request)
        principal.require(permissions.AGENTS_MANAGE)
        upstream = upstreams.access_upstream(principal, ref)
        services.note_look(_waited(_look_at(upstream)))
        return Response(UpstreamSerializer(upstreams.access_upstream(principal, ref)).data)


class CardApprove(APIView):
    @extend_schema(
        operation_id="agents_card_approve",
        request=None,
        responses={200: AgentDetailSerializer, **refusals(400, 404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Go by the card that was found at an agent elsewhere since the last one was approved."""
        return Response(AgentDetailSerializer(services.approve_card(caller(request), ref)).data)


class CardReject(APIView):
    @extend_schema(
        operation_id="agents_card_reject",
        request=None,
        responses={200: AgentDetailSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, ref: str) -> Response:
        """Stay with the approved card; the one that was found is not shown again."""
        return Response(AgentDetailSerializer(services.reject_card(caller(request), ref)).data)


def _found(card_url: str, given: dict[str, Any]) -> FoundCard:
    given_credentials = given.get("credentials")
    credentials = checked_credentials(given_credentials) if given_credentials else {}
    trusted = checked_keys(given["trusted_keys"]) if given.get("trusted_keys") else None
    return _waited(find_card(card_url, headers_of(credentials), trusted))


async def _look_at(upstream: Upstream) -> Look:
    async with Fetcher() as fetcher:
        return await look_at(fetcher, upstream)


def _waited(work: Coroutine[Any, Any, Waited]) -> Waited:
    """Wait for the network without holding a database connection."""
    if not connection.in_atomic_block:
        connection.close()
    return asyncio.run(work)
