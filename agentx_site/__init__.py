"""AgentX: wiring only. Settings, URLs, ASGI, Celery, the process runner and the command line."""

import os

# grpcio's event engine made grpc.aio slower (grpc/grpc#43092); must be set before grpc is first imported.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_client,-event_engine_listener")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
