"""The URLs of the WebSockets."""

from django.urls import path

from monitoring.consumers import EventsConsumer, LogConsumer, MetricsConsumer, TaskConsumer

# types-channels and Django's path() disagree about what a view is; at run time both mean an ASGI callable.
websocket_urlpatterns = [
    path("ws/metrics", MetricsConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/events", EventsConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/tasks/<uuid:task_id>", TaskConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/plugins/<slug:slug>/logs", LogConsumer.as_asgi()),  # type: ignore[arg-type]
]
