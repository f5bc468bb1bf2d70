"""The machines that run plugins."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry import selectors
from security.pages import page, render
from security.principals import Principal


@page
def nodes(request: HttpRequest, principal: Principal) -> HttpResponse:
    alive = Q(instances__state__in=("starting", "running", "degraded", "draining"))
    rows = selectors.nodes(principal).annotate(processes=Count("instances", filter=alive))
    told = {"title": _("Nodes"), "rows": rows, "live": True}
    return render(request, "registry/nodes.html", told)
