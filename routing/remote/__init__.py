"""Agents that live elsewhere: reached over A2A, whichever binding and version they speak."""
