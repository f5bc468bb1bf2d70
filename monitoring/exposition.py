"""`/metrics`: this process's counters, or, where PROMETHEUS_MULTIPROC_DIR is set, those of all processes together."""

import os
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

from monitoring import collectors
from security import permissions, problems
from security.authentication import key_or_session
from security.errors import PublicError


def _all_processes() -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    collectors.register(registry)
    return registry


@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """For scrapers from AGENTX_METRICS_ALLOW, and for whoever may see metrics: it names agents and plugins."""
    try:
        if not _is_near(request):
            key_or_session(request).require(permissions.METRICS_VIEW)
    except PublicError as error:
        return problems.response(error)
    shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    page = generate_latest(_all_processes() if shared else REGISTRY)
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)


def _is_near(request: HttpRequest) -> bool:
    """Whether the scraper itself, not a proxy in front of strangers, connects from an allowed network."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ip_network(each, strict=False) for each in settings.METRICS_ALLOW)
