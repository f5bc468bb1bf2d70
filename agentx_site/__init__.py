"""AgentX: wiring only. Settings, URLs, ASGI, Celery, the process runner and the command line."""
