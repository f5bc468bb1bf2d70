"""What is alike in every endpoint and its OpenAPI description: credentials, input, refusals."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request

from security.authentication import caller
from security.problems import MEDIA_TYPE
from security.selectors import oneself


class Problem(serializers.Serializer[dict[str, Any]]):
    """RFC 9457 problem details."""

    type = serializers.CharField(help_text="urn:agentx:error:<code>")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong, in a sentence.")
    code = serializers.CharField(help_text="Stable: programs may rely on it.")
    request_id = serializers.CharField(help_text="The log has more under this id.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(), required=False, help_text="What is wrong with which field."
    )


MEANINGS = {
    400: "The request is not what this endpoint takes.",
    401: "No credential, or one that is unknown, expired or revoked.",
    403: "The caller's roles do not allow it.",
    404: "There is no such thing, or the caller may not know of it.",
    409: "It contradicts what is there already.",
    413: "The body is too large.",
    415: "The body is of a type that this endpoint does not read.",
    429: "Too many requests, or too many wrong keys.",
    503: "What would do it is away for now.",
}


def checked(
    request: Request, shape: type[serializers.Serializer[Any]], data: Any = None
) -> dict[str, Any]:
    """What was sent (the query of a GET, else the body, or `data`), checked. A stranger is refused first."""
    oneself(caller(request))
    sent = request.query_params if request.method == "GET" else request.data
    given = shape(data=sent if data is None else data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def refusals(*statuses: int) -> dict[Any, Any]:
    """The problem responses of an endpoint: 401 and 403 always, and these. Merge into `responses`."""
    return {
        (status, MEDIA_TYPE): OpenApiResponse(Problem, description=MEANINGS[status])
        for status in sorted({401, 403, *statuses})
    }


def with_general_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: who asks too often, and bodies that no endpoint reads."""
    for operations in result["paths"].values():
        for operation in operations.values():
            statuses = (413, 415, 429) if "requestBody" in operation else (429,)
            for status in statuses:
                operation["responses"].setdefault(str(status), _problem(status))
    return result


def with_summaries(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the first sentence is the summary, which readers show beside the path."""
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["summary"] = operation["description"].partition(". ")[0].removesuffix(".")
    return result


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"content": {MEDIA_TYPE: {"schema": schema}}, "description": MEANINGS[status]}


def listed(
    operation_id: str,
    row: type[serializers.Serializer[Any]],
    query: type[serializers.Serializer[Any]] | None = None,
    *statuses: int,
) -> Any:
    """Describe the GET of a list view: pages of `row`, filtered by `query`."""
    described = extend_schema(
        operation_id=operation_id,
        parameters=[query] if query else [],
        responses={200: row(many=True), **refusals(400, *statuses)},
    )
    return extend_schema_view(get=described)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "security.authentication.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]  # either, not both

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


class ConsoleSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "security.authentication.ConsoleSessionAuthentication"
    name = "consoleSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
