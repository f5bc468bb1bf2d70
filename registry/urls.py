"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from registry import api as rest
from registry.views import agent, agents, keys, nodes, remotes

pages: list[URLPattern] = [
    path("agents/", agents.agents, name="page-agents"),
    path("agents/<slug:slug>/", agent.agent, name="page-agent"),
    path("agents/<slug:slug>/open/", agents.open_agent, name="page-agent-open"),
    path("agents/<slug:slug>/close/", agents.close_agent, name="page-agent-close"),
    path("agents/<slug:slug>/retire/", agents.retire, name="page-agent-retire"),
    path("agents/<slug:slug>/card/approve/", agent.approve, name="page-card-approve"),
    path("agents/<slug:slug>/card/reject/", agent.reject, name="page-card-reject"),
    path("register/", remotes.register, name="page-agent-register"),
    path("card-keys/", keys.keys, name="page-card-keys"),
    path("card-keys/rotate/", keys.rotate, name="page-card-key-rotate"),
    path("nodes/", nodes.nodes, name="page-nodes"),
]
api: list[URLPattern] = [
    path("agents", rest.Agents.as_view()),
    path("agents/register", rest.AgentRegister.as_view()),
    path("agents/preview", rest.AgentPreview.as_view()),
    path("agents/discover", rest.AgentDiscover.as_view()),
    path("agents/<str:ref>", rest.AgentDetail.as_view()),
    path("agents/<str:ref>/status", rest.AgentStatus.as_view()),
    path("agents/<str:ref>/heartbeat", rest.AgentHeartbeat.as_view()),
    path("agents/<str:ref>/open", rest.AgentOpen.as_view()),
    path("agents/<str:ref>/close", rest.AgentClose.as_view()),
    path("agents/<str:ref>/upstream", rest.AgentUpstream.as_view()),
    path("agents/<str:ref>/upstream/check", rest.UpstreamCheck.as_view()),
    path("agents/<str:ref>/card/approve", rest.CardApprove.as_view()),
    path("agents/<str:ref>/card/reject", rest.CardReject.as_view()),
    path("agents/<str:ref>/cards", rest.CardVersions.as_view()),
    path("agents/<str:ref>/cards/diff", rest.CardChanges.as_view()),
    path("agents/<str:ref>/cards/<int:version>", rest.CardVersion.as_view()),
    path("agents/<str:ref>/signature", rest.CardSignature.as_view()),
    path("card-keys", rest.CardKeys.as_view()),
    path("card-keys/rotate", rest.CardKeyRotate.as_view()),
    path("nodes", rest.Nodes.as_view()),
    path("nodes/<str:ref>", rest.NodeDetail.as_view()),
]
