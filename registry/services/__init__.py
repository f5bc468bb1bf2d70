"""Deeds on agents and nodes."""

from registry.services.agents import (
    in_charge_of,
    publish_agent,
    retire_agent,
    set_agent_open,
    set_agent_states,
)
from registry.services.health import claim_due_upstreams, note_look
from registry.services.leases import end_silent_leases, heartbeat_agent
from registry.services.nodes import heartbeat_node, mark_lost_nodes, rest_node
from registry.services.previews import preview_of
from registry.services.remotes import (
    approve_card,
    register_remote_agent,
    reject_card,
)
from registry.services.signatures import (
    card_verdict,
    rotate_card_key,
    sign_card,
    signing_key,
)

__all__ = [
    "approve_card",
    "card_verdict",
    "claim_due_upstreams",
    "end_silent_leases",
    "heartbeat_agent",
    "heartbeat_node",
    "in_charge_of",
    "mark_lost_nodes",
    "note_look",
    "preview_of",
    "publish_agent",
    "register_remote_agent",
    "reject_card",
    "rest_node",
    "retire_agent",
    "rotate_card_key",
    "set_agent_open",
    "set_agent_states",
    "sign_card",
    "signing_key",
]
