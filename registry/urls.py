"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from registry import api as rest

pages: list[URLPattern] = []
api: list[URLPattern] = [
    path("agents", rest.Agents.as_view()),
    path("agents/register", rest.AgentRegister.as_view()),
    path("agents/discover", rest.AgentDiscover.as_view()),
    path("agents/<str:ref>", rest.AgentDetail.as_view()),
    path("agents/<str:ref>/status", rest.AgentStatus.as_view()),
    path("agents/<str:ref>/open", rest.AgentOpen.as_view()),
    path("agents/<str:ref>/close", rest.AgentClose.as_view()),
    path("nodes", rest.Nodes.as_view()),
    path("nodes/<str:ref>", rest.NodeDetail.as_view()),
]
