"""Console pages: plugins and autoscaling."""

from functools import partial
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app import scaling, selectors, services
from plugins_app.forms import ConfigForm, PolicyForm, ScaleForm
from plugins_app.models import MAX_REPLICAS, AutoscalePolicy, Plugin
from security.errors import InvalidInput, Unavailable
from security.keyset import newest_page
from security.pages import back, deed, done, form_page, page, render, tried
from security.principals import Principal

EVENTS_SHOWN: Final = 40
LOG_LINES_SHOWN: Final = 200
DECISIONS_SHOWN: Final = 50
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
    found = selectors.access_plugin(principal, slug)
    policy = AutoscalePolicy.objects.filter(plugin=found, enabled=True).first()
    told = {
        "title": found.slug,
        "crumbs": [("/plugins/", _("Plugins"))],
        "live": True,
        "plugin": found,
        "processes": selectors.instances_of(found),
        "events": selectors.events_of(principal, slug)[:EVENTS_SHOWN],
        "policy": policy,
        "least": policy.minimum if policy else 1,
        "most": policy.maximum if policy else MAX_REPLICAS,
        "lines": _log_lines(principal, slug),
    }
    return render(request, "plugins_app/plugin.html", told)


def _log_lines(principal: Principal, slug: str) -> list[dict[str, Any]] | None:
    """The newest lines; None when they cannot be read now."""
    if not principal.may("plugins.logs"):
        return None
    try:
        return selectors.log_lines(principal, slug, limit=LOG_LINES_SHOWN)
    except Unavailable:
        return None


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


@form_page
def configure(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    principal.require("plugins.manage")
    found = selectors.access_plugin(principal, slug)
    form = ConfigForm(request.POST or None, initial={"config": found.config})
    if form.is_bound and form.is_valid():
        config = form.cleaned_data["config"]
        if tried(form, partial(services.configure, principal, slug, config)):
            return done(request, _("The configuration is saved."), f"/plugins/{slug}/")
    crumbs = [("/plugins/", _("Plugins")), (f"/plugins/{slug}/", slug)]
    schema = found.release.manifest.get("config_schema") if found.release else None
    told = {"title": _("Configuration"), "crumbs": crumbs, "form": form, "plugin": found}
    return render(request, "plugins_app/configure.html", {**told, "schema": schema})


@page
def autoscaling(request: HttpRequest, principal: Principal) -> HttpResponse:
    rows = newest_page(
        scaling.decisions(principal, request.GET.get("plugin", "")),
        request.GET.get("after", ""),
        by="time",
        size=DECISIONS_SHOWN,
    )
    policies = list(scaling.policies(principal))
    scaled = {policy.plugin_id for policy in policies}
    others = [p.slug for p in Plugin.objects.exclude(id__in=scaled).order_by("slug")]
    told = {"title": _("Autoscaling"), "rows": rows, "policies": policies, "others": others}
    return render(request, "plugins_app/autoscaling.html", {**told, "live": True})


@form_page
def policy(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    principal.require("autoscaling.manage")
    found = selectors.access_plugin(principal, slug)
    known = AutoscalePolicy.objects.filter(plugin=found).first()
    form = PolicyForm(request.POST or None, instance=known)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        if tried(form, partial(scaling.update_policy, principal, slug, **values)):
            return done(request, _("The policy is saved."), "/autoscaling/")
    told = {"title": slug, "crumbs": [("/autoscaling/", _("Autoscaling"))], "form": form}
    return render(request, "plugins_app/policy.html", {**told, "plugin": found})
