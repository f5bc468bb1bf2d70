"""Console page: the configuration of a plugin."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app import selectors, services
from plugins_app.forms import ConfigForm
from security.pages import done, form_page, render, tried
from security.principals import Principal


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
