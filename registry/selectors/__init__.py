"""Questions about agents and nodes. `access_<noun>` is the one door to a thing."""

from registry.selectors.agents import (
    STATE_RANK,
    access_agent,
    agent_status,
    agents,
    every_agent,
    listed_agents,
    open_agents,
)
from registry.selectors.cards import (
    KEY_GRACE,
    access_card,
    card_changes,
    card_keys,
    card_versions,
    cards_of,
    current_card,
    current_key,
    doors,
    key_set,
    published_keys,
    served_card,
)
from registry.selectors.discovery import (
    MAX_FOUND,
    Found,
    FoundPage,
    Wanted,
    discover,
    wanted_agents,
)
from registry.selectors.nodes import access_node, nodes

__all__ = [
    "KEY_GRACE",
    "MAX_FOUND",
    "STATE_RANK",
    "Found",
    "FoundPage",
    "Wanted",
    "access_agent",
    "access_card",
    "access_node",
    "agent_status",
    "agents",
    "card_changes",
    "card_keys",
    "card_versions",
    "cards_of",
    "current_card",
    "current_key",
    "discover",
    "doors",
    "every_agent",
    "key_set",
    "listed_agents",
    "nodes",
    "open_agents",
    "published_keys",
    "served_card",
    "wanted_agents",
]
