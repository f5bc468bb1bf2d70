"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from plugins_app import api as rest

pages: list[URLPattern] = []
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
