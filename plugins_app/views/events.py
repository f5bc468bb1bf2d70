"""Console page: what happened to a plugin."""

from typing import Final

from django.http import HttpRequest, HttpResponse

from plugins_app import selectors
from plugins_app.models import PluginEvent
from plugins_app.views.tabs import tab
from security.keyset import newest_page
from security.pages import page, render
from security.principals import Principal

EVENTS_SHOWN: Final = 50


@page
def events(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    _found, frame = tab(principal, slug, "events")
    rows = selectors.events_of(principal, slug)
    kind = request.GET.get("type", "")
    if kind in PluginEvent.Type.values:
        rows = rows.filter(type=kind)
    if words := request.GET.get("q", "")[:200]:
        rows = rows.filter(message__icontains=words)
    told = {
        "rows": newest_page(rows, request.GET.get("after", ""), by="time", size=EVENTS_SHOWN),
        "types": sorted(PluginEvent.Type.choices, key=lambda choice: str(choice[1])),
    }
    return render(request, "plugins_app/events.html", {**frame, **told})
