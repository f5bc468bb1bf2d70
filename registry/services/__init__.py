"""Deeds on agents and nodes."""

from registry.services.agents import (
    publish_agent,
    retire_agent,
    set_agent_open,
    set_agent_states,
)
from registry.services.health import claim_due_upstreams, note_look
from registry.services.nodes import heartbeat_node, mark_lost_nodes, rest_node
from registry.services.remotes import (
    approve_card,
    register_remote_agent,
    reject_card,
)

__all__ = [
    "approve_card",
    "claim_due_upstreams",
    "heartbeat_node",
    "mark_lost_nodes",
    "note_look",
    "publish_agent",
    "register_remote_agent",
    "reject_card",
    "rest_node",
    "retire_agent",
    "set_agent_open",
    "set_agent_states",
]
