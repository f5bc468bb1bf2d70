"""Deeds on agents and nodes."""

from registry.services.agents import (
    publish_agent,
    retire_agent,
    set_agent_open,
    set_agent_states,
)
from registry.services.nodes import heartbeat_node, mark_lost_nodes, rest_node
from registry.services.remotes import (
    FoundCard,
    approve_card,
    register_remote_agent,
    reject_card,
)

__all__ = [
    "FoundCard",
    "approve_card",
    "heartbeat_node",
    "mark_lost_nodes",
    "publish_agent",
    "register_remote_agent",
    "reject_card",
    "rest_node",
    "retire_agent",
    "set_agent_open",
    "set_agent_states",
]
