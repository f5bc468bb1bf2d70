"""A refund desk: an application of LangGraph as people have them. It knows nothing of AgentX."""
