"""Console pages: what is installed, and one plugin."""

from typing import Final

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app import selectors, services
from plugins_app.forms import ScaleForm
from plugins_app.models import MAX_REPLICAS, AutoscalePolicy, Plugin
from plugins_app.views.tabs import tab
from security.errors import InvalidInput
from security.pages import back, deed, done, page, render
from security.principals import Principal

EVENTS_SHOWN: Final = 10
DESIRED: Final = {
    "start": Plugin.Desired.RUNNING,
    "stop": Plugin.Desired.STOPPED,
    "pause": Plugin.Desired.PAUSED,
    "resume": Plugin.Desired.RUNNING,
}


@page
def plugins(request: HttpRequest, principal: Principal) -> HttpResponse:
    found = selectors.plugins(principal).select_related("autoscale").order_by("-priority", "slug")
    for word in request.GET.get("q", "").split():
        found = found.filter(Q(slug__icontains=word) | Q(description__icontains=word))
    if state := request.GET.get("state"):
        found = found.filter(state=state)
    rows = Paginator(found, 50).get_page(request.GET.get("page"))
    told = {"title": _("Plugins"), "rows": rows, "live": True, "states": Plugin.State.choices}
    return render(request, "plugins_app/plugins.html", told)


@page
def plugin(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    found, frame = tab(principal, slug, "overview")
    told = {
        **frame,
        "processes": selectors.instances_of(found),
        "events": selectors.events_of(principal, slug)[:EVENTS_SHOWN],
        "config": selectors.config_shown(found),
    }
    return render(request, "plugins_app/plugin.html", told)


@page
def processes(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    found, frame = tab(principal, slug, "processes")
    policy = AutoscalePolicy.objects.filter(plugin=found, enabled=True).first()
    told = {
        **frame,
        "processes": selectors.instances_of(found),
        "policy": policy,
        "least": policy.minimum if policy else 1,
        "most": policy.maximum if policy else MAX_REPLICAS,
    }
    return render(request, "plugins_app/processes.html", told)


@deed
def operate(request: HttpRequest, principal: Principal, slug: str, verb: str) -> HttpResponse:
    """start, stop, pause, resume: says what is wanted; the page shows how it comes about."""
    if verb not in DESIRED:
        raise InvalidInput(_("There is no such action."))
    services.set_desired(principal, slug, DESIRED[verb])
    return back(request, f"/plugins/{slug}/")


@deed
def restart(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.restart(principal, slug)
    told = _("The processes of %(plugin)s are being replaced, one after the other.")
    return done(request, told % {"plugin": slug}, f"/plugins/{slug}/")


@deed
def scale(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    form = ScaleForm(request.POST)
    if not form.is_valid():
        told = _("Say how many processes are wanted: 1 to %(most)d.") % {"most": MAX_REPLICAS}
        raise InvalidInput(told, fields={"replicas": _("not a whole number")})
    services.scale(principal, slug, form.cleaned_data["replicas"])
    return back(request, f"/plugins/{slug}/")
