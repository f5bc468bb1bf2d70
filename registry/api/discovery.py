"""/api/v1: looking for agents."""

from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry import selectors
from registry.api.agents import AgentSerializer
from registry.models import Agent, Trust
from registry.selectors import Found, Wanted
from security.authentication import caller
from security.schema import checked, refusals


class Names(serializers.CharField):
    """A list, separated by commas."""

    def __init__(self, about: str, *, known: list[str] | None = None) -> None:
        self._known = known
        told = f"Separated by commas; {about}"
        super().__init__(
            required=False, allow_blank=True, default="", max_length=1_000, help_text=told
        )

    def to_internal_value(self, data: Any) -> Any:
        names = [name.strip() for name in super().to_internal_value(data).split(",")]
        given = [name for name in names if name]
        if self._known is not None and (unknown := set(given) - set(self._known)):
            raise serializers.ValidationError(f"{min(unknown)} is none of {', '.join(self._known)}")
        return given


class DiscoveryQuery(serializers.Serializer[Any]):
    capabilities = Names("all of them.")
    any = Names("capabilities of which one is enough; more are better.")
    tags = Names("of skills; all of them.")
    text = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=200,
        help_text="Every word must be mentioned; where no agent does, those that resemble it are found.",
    )
    framework = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)
    trust = Names("one of them.", known=Trust.values)
    state = Names("one of them.", known=Agent.State.values)
    limit = serializers.IntegerField(
        required=False, default=50, min_value=1, max_value=selectors.MAX_FOUND
    )
    cursor = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=400,
        help_text='Of the page that follows: it stands in the header `Link: <…>; rel="next"`.',
    )


class FoundSerializer(AgentSerializer):
    score = serializers.FloatField(help_text="The best first.")
    because = serializers.ListField(child=serializers.CharField(), help_text="Why it matches.")

    class Meta(AgentSerializer.Meta):
        fields = (*AgentSerializer.Meta.fields, "score", "because")


def shown(found: list[Found]) -> list[dict[str, Any]]:
    """As FoundSerializer describes it; one serializer for all rows, for making one costs more than using it."""
    plain = AgentSerializer()
    return [
        plain.to_representation(one.agent) | {"score": one.score, "because": one.because}
        for one in found
    ]


class AgentDiscover(APIView):
    @extend_schema(
        operation_id="agents_discover",
        parameters=[DiscoveryQuery],
        responses={200: FoundSerializer(many=True), **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """Agents that have what is asked for, the best first, each with its score and the reasons."""
        asked = checked(request, DiscoveryQuery)
        limit, cursor = asked.pop("limit"), asked.pop("cursor")
        wanted = Wanted(states=asked.pop("state"), **asked)
        page = selectors.discover(caller(request), wanted, limit=limit, cursor=cursor)
        response = Response(shown(page.found))
        if page.next:
            query = urlencode({**request.query_params.dict(), "cursor": page.next})
            response["Link"] = f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'
        return response
