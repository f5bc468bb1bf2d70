"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from monitoring import api as rest
from monitoring import views

pages: list[URLPattern] = [
    path("", views.overview, name="page-overview"),
    path("alerts/", views.alerts, name="page-alerts"),
    path("alerts/<uuid:alert_id>/acknowledge/", views.acknowledge, name="page-alert-acknowledge"),
    path("alerts/rules/new/", views.new_rule, name="page-rule-new"),
    path("alerts/rules/<slug:name>/", views.rule, name="page-rule"),
    path("alerts/rules/<slug:name>/delete/", views.delete_rule, name="page-rule-delete"),
    path("alerts/rules/<slug:name>/<slug:switch>/", views.switch_rule, name="page-rule-switch"),
]
api: list[URLPattern] = [
    path("metrics/overview", rest.Overview.as_view()),
    path("metrics/series", rest.Series.as_view()),
    path("alerts", rest.Alerts.as_view()),
    path("alerts/<uuid:alert_id>/acknowledge", rest.AlertAcknowledge.as_view()),
    path("alert-metrics", rest.Metrics.as_view()),
    path("alert-rules", rest.Rules.as_view()),
    path("alert-rules/<slug:name>", rest.Rule.as_view()),
    path("autoscaling/policies", rest.Policies.as_view()),
    path("autoscaling/policies/<slug:slug>", rest.Policy.as_view()),
    path("autoscaling/decisions", rest.Decisions.as_view()),
]
