"""/api/v1: figures, alerts, alert rules, autoscaling."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring import selectors, services
from monitoring.catalogue import METRICS
from monitoring.models import Alert, AlertRule
from plugins_app import scaling
from plugins_app.models import AutoscalePolicy, ScalingDecision
from security.authentication import caller
from security.pagination import ByName, ByTime, NewestFirst
from security.schema import checked, listed, refusals


class BySince(NewestFirst):
    ordering = ("-since", "-id")


class ByAge(NewestFirst):
    ordering = ("id",)


class OverviewSerializer(serializers.Serializer[dict[str, Any]]):
    """The same as a frame of `/ws/metrics`: apply frames whose `seq` follows, read again when one is missing."""

    kind = serializers.CharField(help_text="metrics")
    seq = serializers.IntegerField()
    time = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]


class SeriesQuery(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    subject = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="A plugin's name."
    )
    minutes = serializers.IntegerField(required=False, default=15)


class SeriesSerializer(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField()
    subject = serializers.CharField()
    minutes = serializers.IntegerField()
    points = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="[Unix milliseconds, value], oldest first.",
    )


class AlertSerializer(serializers.ModelSerializer[Alert]):
    rule = serializers.CharField(source="rule.name", read_only=True)
    severity = serializers.CharField(source="rule.severity", read_only=True)
    metric = serializers.CharField(source="rule.metric", read_only=True)
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", read_only=True, default=None, allow_null=True
    )

    class Meta:
        model = Alert
        fields: tuple[str, ...] = ("id", "rule", "severity", "metric", "subject", "state", "value")
        fields += ("since", "fired", "acknowledged", "acknowledged_by", "resolved", "notify_error")
        read_only_fields = fields


class AlertQuery(serializers.Serializer[Any]):
    state = serializers.CharField(
        required=False, default="", help_text="`open`, or one state: pending, firing, …"
    )


class RuleSerializer(serializers.ModelSerializer[AlertRule]):
    class Meta:
        model = AlertRule
        fields: tuple[str, ...] = ("name", "description", "metric", "comparison", "threshold")
        fields += ("for_seconds", "severity", "webhook_url", "enabled", "builtin", "updated")
        read_only_fields = fields


class RuleChange(serializers.Serializer[Any]):
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    metric = serializers.ChoiceField(choices=sorted(METRICS), required=False)
    comparison = serializers.ChoiceField(choices=AlertRule.Comparison.choices, required=False)
    threshold = serializers.FloatField(required=False)
    for_seconds = serializers.IntegerField(required=False, min_value=0, max_value=86_400)
    severity = serializers.ChoiceField(choices=AlertRule.Severity.choices, required=False)
    webhook_url = serializers.CharField(required=False, allow_blank=True, max_length=500)
    enabled = serializers.BooleanField(required=False)


class NewRule(RuleChange):
    name = serializers.SlugField(max_length=100)
    metric = serializers.ChoiceField(choices=sorted(METRICS))
    comparison = serializers.ChoiceField(choices=AlertRule.Comparison.choices)
    threshold = serializers.FloatField()


class MetricSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField()
    subject = serializers.CharField(help_text="Whose value: plugin, node, or empty for the whole.")


class PolicySerializer(serializers.ModelSerializer[AutoscalePolicy]):
    plugin = serializers.CharField(source="plugin.slug", read_only=True)
    replicas = serializers.IntegerField(source="plugin.desired_replicas", read_only=True)

    class Meta:
        model = AutoscalePolicy
        fields: tuple[str, ...] = ("plugin", "replicas", "enabled", "minimum", "maximum")
        fields += ("target_in_flight", "cooldown_seconds", "updated")
        read_only_fields = fields


class PolicyChange(serializers.Serializer[Any]):
    enabled = serializers.BooleanField(required=False)
    minimum = serializers.IntegerField(required=False, min_value=1)
    maximum = serializers.IntegerField(required=False, min_value=1)
    target_in_flight = serializers.FloatField(required=False)
    cooldown_seconds = serializers.IntegerField(required=False, min_value=0, max_value=86_400)


class DecisionSerializer(serializers.ModelSerializer[ScalingDecision]):
    plugin = serializers.CharField(source="plugin.slug", read_only=True)

    class Meta:
        model = ScalingDecision
        fields: tuple[str, ...] = ("id", "plugin", "time", "before", "after", "in_flight")
        fields += ("target_in_flight", "reason")
        read_only_fields = fields


class DecisionQuery(serializers.Serializer[Any]):
    plugin = serializers.CharField(required=False, default="")


class Overview(APIView):
    @extend_schema(
        operation_id="metrics_overview", responses={200: OverviewSerializer, **refusals()}
    )
    def get(self, request: Request) -> Response:
        """All figures of the overview, with the number of the live frame that showed them."""
        return Response(selectors.overview(caller(request)))


class Series(APIView):
    @extend_schema(
        operation_id="metrics_series",
        parameters=[SeriesQuery],
        responses={200: SeriesSerializer, **refusals(400)},
    )
    def get(self, request: Request) -> Response:
        """One figure over time, for a chart."""
        wanted = checked(request, SeriesQuery)
        return Response({**wanted, "points": selectors.series(caller(request), **wanted)})


class Metrics(APIView):
    @extend_schema(
        operation_id="alert_metrics",
        responses={200: MetricSerializer(many=True), **refusals()},
    )
    def get(self, request: Request) -> Response:
        """What alert rules can watch."""
        return Response(MetricSerializer(selectors.rule_metrics(caller(request)), many=True).data)


@listed("alerts_list", AlertSerializer, AlertQuery, 400)
class Alerts(ListAPIView[Alert]):
    """Alerts, newest first."""

    queryset = Alert.objects.none()
    serializer_class = AlertSerializer
    pagination_class = BySince

    def get_queryset(self) -> QuerySet[Alert]:
        wanted = checked(self.request, AlertQuery)
        return selectors.alerts(caller(self.request), **wanted)


class AlertAcknowledge(APIView):
    @extend_schema(
        operation_id="alerts_acknowledge",
        request=None,
        responses={200: AlertSerializer, **refusals(404, 409)},
    )
    def post(self, request: Request, alert_id: UUID) -> Response:
        """Say that somebody takes care of it."""
        return Response(AlertSerializer(services.acknowledge_alert(caller(request), alert_id)).data)


@listed("alert_rules_list", RuleSerializer)
class Rules(ListAPIView[AlertRule]):
    """Alert rules by name."""

    queryset = AlertRule.objects.none()
    serializer_class = RuleSerializer
    pagination_class = ByName

    def get_queryset(self) -> QuerySet[AlertRule]:
        return selectors.alert_rules(caller(self.request))

    @extend_schema(
        operation_id="alert_rules_create",
        request=NewRule,
        responses={201: RuleSerializer, **refusals(400, 409)},
    )
    def post(self, request: Request) -> Response:
        """Watch something more."""
        rule = services.create_rule(caller(request), **checked(request, NewRule))
        return Response(RuleSerializer(rule).data, status=201)


class Rule(APIView):
    @extend_schema(
        operation_id="alert_rules_show", responses={200: RuleSerializer, **refusals(404)}
    )
    def get(self, request: Request, name: str) -> Response:
        """One rule."""
        return Response(RuleSerializer(selectors.access_rule(caller(request), name)).data)

    @extend_schema(
        operation_id="alert_rules_update",
        request=RuleChange,
        responses={200: RuleSerializer, **refusals(400, 404)},
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change what is given. `{"enabled": false}` switches a rule off and resolves its alerts."""
        given = checked(request, RuleChange)
        return Response(RuleSerializer(services.update_rule(caller(request), name, **given)).data)

    @extend_schema(
        operation_id="alert_rules_delete",
        responses={204: OpenApiResponse(description="Gone."), **refusals(404, 409)},
    )
    def delete(self, request: Request, name: str) -> Response:
        """Delete a rule and its alerts. Those that ship can only be switched off."""
        services.delete_rule(caller(request), name)
        return Response(status=204)


@listed("autoscaling_policies_list", PolicySerializer)
class Policies(ListAPIView[AutoscalePolicy]):
    """Autoscale policies, oldest first."""

    queryset = AutoscalePolicy.objects.none()
    serializer_class = PolicySerializer
    pagination_class = ByAge

    def get_queryset(self) -> QuerySet[AutoscalePolicy]:
        return scaling.policies(caller(self.request))


class Policy(APIView):
    @extend_schema(
        operation_id="autoscaling_policies_show", responses={200: PolicySerializer, **refusals(404)}
    )
    def get(self, request: Request, slug: str) -> Response:
        """The policy of one plugin."""
        return Response(PolicySerializer(scaling.access_policy(caller(request), slug)).data)

    @extend_schema(
        operation_id="autoscaling_policies_set",
        request=PolicyChange,
        responses={200: PolicySerializer, **refusals(400, 404)},
    )
    def put(self, request: Request, slug: str) -> Response:
        """Set what is given; a plugin without a policy gets one."""
        given = checked(request, PolicyChange)
        return Response(
            PolicySerializer(scaling.update_policy(caller(request), slug, **given)).data
        )


@listed("autoscaling_decisions_list", DecisionSerializer, DecisionQuery)
class Decisions(ListAPIView[ScalingDecision]):
    """What the autoscaler decided, with the figures behind it, newest first."""

    queryset = ScalingDecision.objects.none()
    serializer_class = DecisionSerializer
    pagination_class = ByTime

    def get_queryset(self) -> QuerySet[ScalingDecision]:
        wanted = checked(self.request, DecisionQuery)
        return scaling.decisions(caller(self.request), wanted["plugin"])
