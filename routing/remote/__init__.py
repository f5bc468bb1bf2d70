"""Agents that live elsewhere: reached over A2A, whichever binding and version they speak."""

from routing.remote.agents import RemoteAgents, is_remote, target_of

__all__ = ["RemoteAgents", "is_remote", "target_of"]
