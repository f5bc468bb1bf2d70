"""Console pages: autoscaling."""

from functools import partial
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app import scaling, selectors
from plugins_app.forms import PolicyForm
from plugins_app.models import AutoscalePolicy, Plugin
from security.keyset import newest_page
from security.pages import done, form_page, page, render, tried
from security.principals import Principal

DECISIONS_SHOWN: Final = 50


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
