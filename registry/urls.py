"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from registry import api as rest
from registry import views

pages: list[URLPattern] = [
    path("agents/", views.agents, name="page-agents"),
    path("agents/<slug:slug>/", views.agent, name="page-agent"),
    path("agents/<slug:slug>/open/", views.open_agent, name="page-agent-open"),
    path("agents/<slug:slug>/close/", views.close_agent, name="page-agent-close"),
    path("nodes/", views.nodes, name="page-nodes"),
]
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
