"""/api/v1/plugins/{name}/logs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors
from plugins_app.selectors.logs import LEVELS, MAX_LOG_LINES, sought
from security.authentication import caller
from security.schema import checked, refusals


class LogQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        required=False, default=200, min_value=1, max_value=MAX_LOG_LINES
    )
    after = serializers.RegexField(
        r"^\d{1,20}(-\d{1,20})?$", required=False, allow_blank=True, default="",
        help_text="A line's id: only what came later.",
    )  # fmt: skip
    level = serializers.ChoiceField(
        LEVELS, required=False, default="debug", help_text="Of this level at least."
    )
    q = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200,
        help_text="Words that must all be in the line.",
    )  # fmt: skip
    process = serializers.IntegerField(
        required=False, min_value=0, allow_null=True, default=None, help_text="Its number."
    )


class LogLine(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField(help_text="Give the last one as `after` to read on.")
    instance = serializers.CharField()  # type: ignore[assignment]
    ordinal = serializers.IntegerField()
    time = serializers.CharField()
    level = serializers.CharField()
    text = serializers.CharField()


class PluginLogs(APIView):
    @extend_schema(
        operation_id="plugins_logs",
        parameters=[LogQuery],
        responses={200: LogLine(many=True), **refusals(400, 404)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """The newest log lines of its processes, oldest first. What is kept is the last 2,000."""
        wanted = checked(request, LogQuery)
        which = sought(wanted["level"], wanted["q"], wanted["process"])
        lines = selectors.log_lines(
            caller(request), ref, limit=wanted["limit"], after=wanted["after"], which=which
        )
        return Response(lines)
