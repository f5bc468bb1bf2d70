"""AgentX as the official client libraries see it, each unmodified and in an environment of its own."""
