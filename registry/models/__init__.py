"""Which agents and nodes exist."""

from registry.models.agents import Agent, AgentCard, AgentManager, Capability, Trust
from registry.models.nodes import Node
from registry.models.signing import SigningKey
from registry.models.upstreams import HealthCheck, Upstream

__all__ = [
    "Agent",
    "AgentCard",
    "AgentManager",
    "Capability",
    "HealthCheck",
    "Node",
    "SigningKey",
    "Trust",
    "Upstream",
]
