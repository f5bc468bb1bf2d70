"""Console page: what the processes of a plugin write."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import slugify

from plugins_app import selectors
from plugins_app.selectors.logs import LEVELS, MAX_LOG_LINES, Sought, sought
from plugins_app.views.tabs import tab
from security import permissions
from security.errors import Unavailable
from security.pages import page, render
from security.principals import Principal

LINES_SHOWN: Final = 500


@page
def logs(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    principal.require(permissions.PLUGINS_LOGS)
    found, frame = tab(principal, slug, "logs")
    told = {
        **frame,
        "lines": _lines(principal, slug, _sought(request)),
        "levels": LEVELS[:-1],
        "numbers": sorted({process.ordinal for process in selectors.instances_of(found)}),
    }
    return render(request, "plugins_app/logs.html", told)


def _lines(principal: Principal, slug: str, which: Sought) -> list[dict[str, Any]] | None:
    """The newest lines; None when they cannot be read now."""
    try:
        return selectors.log_lines(principal, slug, limit=LINES_SHOWN, which=which)
    except Unavailable:
        return None


@page
def download(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """What matches, as a text file: time, process, level, text."""
    lines = selectors.log_lines(principal, slug, limit=MAX_LOG_LINES, which=_sought(request))
    text = "".join(
        f"{one['time']} #{one['ordinal']} {one['level']} {one['text']}\n" for one in lines
    )
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    name = f"{slugify(slug)}-{timezone.now():%Y%m%d-%H%M%S}.log"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _sought(request: HttpRequest) -> Sought:
    """What the address asks for; what it cannot mean is left out."""
    asked = request.GET
    level = asked.get("level", "")
    number = asked.get("process", "")
    return sought(
        level if level in LEVELS else "info",
        asked.get("q", "")[:200],
        int(number) if number.isdecimal() and len(number) < 5 else None,
    )
