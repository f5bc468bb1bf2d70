"""The group `agentx plugin` with every verb, from the files they live in."""

from agentx_site.cli import author, testing
from agentx_site.cli.plugins import plugin

__all__ = ["author", "plugin", "testing"]
