"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from plugins_app import api as rest
from plugins_app import views

pages: list[URLPattern] = [
    path("plugins/", views.plugins, name="page-plugins"),
    path("plugins/<slug:slug>/", views.plugin, name="page-plugin"),
    path("plugins/<slug:slug>/restart/", views.restart, name="page-plugin-restart"),
    path("plugins/<slug:slug>/scale/", views.scale, name="page-plugin-scale"),
    path("plugins/<slug:slug>/configure/", views.configure, name="page-plugin-configure"),
    path("plugins/<slug:slug>/<slug:verb>/", views.operate, name="page-plugin-operate"),
    path("autoscaling/", views.autoscaling, name="page-scaling"),
    path("autoscaling/<slug:slug>/", views.policy, name="page-policy"),
]
api: list[URLPattern] = [
    path("plugins", rest.Plugins.as_view()),
    path("plugins/load", rest.PluginLoad.as_view()),
    path("plugins/<str:ref>", rest.PluginDetail.as_view()),
    path("plugins/<str:ref>/start", rest.PluginStart.as_view()),
    path("plugins/<str:ref>/stop", rest.PluginStop.as_view()),
    path("plugins/<str:ref>/pause", rest.PluginPause.as_view()),
    path("plugins/<str:ref>/resume", rest.PluginResume.as_view()),
    path("plugins/<str:ref>/restart", rest.PluginRestart.as_view()),
    path("plugins/<str:ref>/scale", rest.PluginScale.as_view()),
    path("plugins/<str:ref>/config", rest.PluginConfig.as_view()),
    path("plugins/<str:ref>/logs", rest.PluginLogs.as_view()),
    path("plugins/<str:ref>/events", rest.PluginEvents.as_view()),
]
