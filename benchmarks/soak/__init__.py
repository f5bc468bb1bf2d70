"""A run of all of AgentX under load while its processes are killed: what was acknowledged must be kept."""
