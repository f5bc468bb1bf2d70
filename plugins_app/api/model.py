"""/api/v1/model: what plugins think with that name no model of their own."""

from dataclasses import asdict
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plugins_app import selectors
from plugins_app.fetching import endpoints
from security import permissions
from security.authentication import caller
from security.schema import refusals


class DefaultModel(serializers.Serializer[Any]):
    name = serializers.CharField()
    base_url = serializers.CharField(help_text="Without anything secret; empty: there is none.")
    is_demo = serializers.BooleanField(help_text="Its answers are made up.")


class CheckedModel(DefaultModel):
    trouble = serializers.CharField(help_text="Why it cannot be used; empty: it answers.")


class Model(APIView):
    @extend_schema(operation_id="model", responses={200: DefaultModel, **refusals()})
    def get(self, request: Request) -> Response:
        """AgentX's default model, of AGENTX_MODEL_URL."""
        caller(request).require(permissions.PLUGINS_VIEW)
        return Response(DefaultModel(_told()).data)


class ModelCheck(APIView):
    @extend_schema(
        operation_id="model_check", request=None, responses={200: CheckedModel, **refusals()}
    )
    def post(self, request: Request) -> Response:
        """The same, and whether its endpoint answers. Waits for it, five seconds at most."""
        caller(request).require(permissions.PLUGINS_OPERATE)
        trouble = ""
        if settings.DEFAULT_MODEL_URL:
            trouble = async_to_sync(endpoints.trouble)(
                settings.DEFAULT_MODEL_URL, settings.DEFAULT_MODEL_KEY, settings.DEFAULT_MODEL_NAME
            )
        return Response(CheckedModel({**_told(), "trouble": trouble}).data)


def _told() -> dict[str, Any]:
    found = selectors.default_model()
    return asdict(found) if found else {"name": "", "base_url": "", "is_demo": False}
