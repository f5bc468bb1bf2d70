"""Buttons of a plugin's processes: reload, standbys, detach."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app import services
from plugins_app.forms import StandbyForm
from plugins_app.models import MAX_STANDBY
from security.errors import InvalidInput
from security.pages import back, deed, done
from security.principals import Principal


@deed
def reload(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.reload(principal, slug)
    told = _("The processes of %(plugin)s are being replaced, one after the other.")
    return done(request, told % {"plugin": slug}, _page(slug))


@deed
def standby(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    form = StandbyForm(request.POST)
    if not form.is_valid():
        told = _("Say how many warm processes are wanted: 0 to %(most)d.") % {"most": MAX_STANDBY}
        raise InvalidInput(told, fields={"standby": _("not a whole number")})
    services.set_standby(principal, slug, form.cleaned_data["standby"])
    return back(request, _page(slug))


@deed
def hosts(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.allow_hosts(principal, slug, request.POST.getlist("hosts"))
    told = _("What %(plugin)s may talk to is changed; its processes are replaced.")
    return done(request, told % {"plugin": slug}, f"/plugins/{slug}/isolation/")


@deed
def folders(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """One a line."""
    lines = [line.strip() for line in request.POST.get("folders", "").splitlines()]
    services.allow_folders(principal, slug, [line for line in lines if line])
    told = _("What %(plugin)s may read of own code is changed; its processes are replaced.")
    return done(request, told % {"plugin": slug}, f"/plugins/{slug}/isolation/")


@deed
def detach(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.detach(principal, slug)
    told = _("A process of AgentX takes the place of the one that was attached to %(plugin)s.")
    return done(request, told % {"plugin": slug}, _page(slug))


def _page(slug: str) -> str:
    return f"/plugins/{slug}/processes/"
