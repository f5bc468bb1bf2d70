"""`/metrics`: this process's counters, or, where PROMETHEUS_MULTIPROC_DIR is set, those of all processes together."""

import os

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

from monitoring import collectors


def _all_processes() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    collectors.register(registry)
    return registry


@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """Open to whoever reaches this port, as Prometheus expects: names of agents and plugins, and numbers."""
    shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    page = generate_latest(_all_processes() if shared else REGISTRY)
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)
