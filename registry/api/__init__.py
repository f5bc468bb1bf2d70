"""/api/v1: agents and nodes."""

from registry.api.agents import (
    AgentClose,
    AgentDetail,
    AgentOpen,
    Agents,
    AgentStatus,
)
from registry.api.cards import (
    CardChanges,
    CardKeyRotate,
    CardKeys,
    CardSignature,
    CardVersion,
    CardVersions,
)
from registry.api.discovery import AgentDiscover
from registry.api.leases import AgentHeartbeat
from registry.api.nodes import NodeDetail, Nodes
from registry.api.remotes import (
    AgentPreview,
    AgentRegister,
    AgentUpstream,
    CardApprove,
    CardReject,
    UpstreamCheck,
)

__all__ = [
    "AgentClose",
    "AgentDetail",
    "AgentDiscover",
    "AgentHeartbeat",
    "AgentOpen",
    "AgentPreview",
    "AgentRegister",
    "AgentStatus",
    "AgentUpstream",
    "Agents",
    "CardApprove",
    "CardChanges",
    "CardKeyRotate",
    "CardKeys",
    "CardReject",
    "CardSignature",
    "CardVersion",
    "CardVersions",
    "NodeDetail",
    "Nodes",
    "UpstreamCheck",
]
