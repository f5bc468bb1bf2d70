"""Deeds on agents and nodes."""

from registry.services.agents import (
    publish_agent,
    register_remote_agent,
    retire_agent,
    set_agent_open,
    set_agent_states,
)
from registry.services.nodes import heartbeat_node, mark_lost_nodes, rest_node

__all__ = [
    "heartbeat_node",
    "mark_lost_nodes",
    "publish_agent",
    "register_remote_agent",
    "rest_node",
    "retire_agent",
    "set_agent_open",
    "set_agent_states",
]
