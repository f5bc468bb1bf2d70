"""The command line `agentx`: speaks HTTP to a running AgentX; imports no Django, so that it starts at once."""

from agentx_site.cli.root import main

__all__ = ["main"]
