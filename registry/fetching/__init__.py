"""The network side of agents elsewhere: their cards, the keys that signed them, and whether anybody is there."""

from registry.fetching.fetcher import Fetcher, reach_port
from registry.fetching.looking import find_card, look_at

__all__ = ["Fetcher", "find_card", "look_at", "reach_port"]
