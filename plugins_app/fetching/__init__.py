"""Other registries: a static folder, that folder on a web server, or another AgentX."""
