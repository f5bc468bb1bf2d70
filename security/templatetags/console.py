"""How the console's templates write states, times, sizes and JSON."""

import json
import re
from datetime import datetime
from typing import Any, Final

from django import template
from django.http import HttpRequest
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

register = template.Library()

QUOTED: Final = re.compile("`([^`]+)`")
# Every state of AgentX in one of five tones; the word stands beside the colour, which alone says nothing to some.
TONES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("ready", "running", "active", "completed", "resolved", "enabled", "delivered"), "good"
    ),
    **dict.fromkeys(
        (
            *("initializing", "starting", "loading", "working", "submitted", "draining", "busy"),
            *("queued", "unpacking", "environment", "checking"),
        ),
        "busy",
    ),
    **dict.fromkeys(
        (
            *("degraded", "backoff", "paused", "maintenance", "inactive", "warning", "pending"),
            *("input_required", "auth_required", "acknowledged", "silenced", "refused"),
        ),
        "warn",
    ),
    **dict.fromkeys(
        (
            *("error", "fatal", "failed", "rejected", "disconnected", "critical", "firing"),
            *("revoked", "dead", "invalid"),
        ),
        "bad",
    ),
}
NONE: Final = "\N{EN DASH}"
UNITS: Final = ("B", "KB", "MB", "GB", "TB")


@register.filter
def tone(state: str) -> str:
    """good, busy, warn, bad or calm."""
    return TONES.get(str(state).lower().replace(" ", "_"), "calm")


@register.filter
def event_tone(event: Any) -> str:
    """How a plugin's event looks: an end that nobody asked for is bad, one that was asked for is not."""
    if event.type == "state":
        return tone(event.data.get("to", ""))
    if event.type == "exited":
        return "bad" if "delay" in event.data else "calm"
    tones = {"fatal": "bad", "backoff": "warn", "degraded": "warn", "ready": "good"}
    tones |= {"prepared": "good", "not_prepared": "bad", "upgraded": "good", "rolled_back": "warn"}
    return {**tones, "adopted": "good"}.get(event.type, "calm")


@register.filter
def bare(state: str) -> str:
    """An A2A task state without its prefix: TASK_STATE_INPUT_REQUIRED is "input required"."""
    return str(state).removeprefix("TASK_STATE_").replace("_", " ").lower()


@register.simple_tag
def chip(state: str, label: str = "") -> SafeString:
    """A state as a coloured word."""
    return format_html(
        '<span class="ax-chip" data-tone="{}" data-state="{}">{}</span>',
        tone(state),
        str(state).lower(),
        label or str(state).lower().replace("_", " "),
    )


TRUSTS: Final = {"public": "calm", "verified": "busy", "trusted": "good", "internal": "good"}


@register.simple_tag
def trust(level: str) -> SafeString:
    """How far something is trusted, as a coloured word."""
    words = {
        "public": _("public"),
        "verified": _("verified"),
        "trusted": _("trusted"),
        "internal": _("internal"),
    }
    word = words.get(level, level)
    tone_of = TRUSTS.get(level, "calm")
    return format_html('<span class="ax-chip" data-tone="{}">{}</span>', tone_of, word)


# Of the names that two letters of would not tell apart.
MONOGRAMS: Final = {"langchain": "LC", "langgraph": "LG", "crewai": "CR", "autogen": "AG"}


@register.simple_tag
def monogram(name: str) -> SafeString:
    """Two letters in a colour of their own, for who looks for a framework among many; its name stands beside it."""
    name = name or "?"
    words = name.replace("_", "-").split("-")
    letters = MONOGRAMS.get(name) or (words[0][0] + (words[1][:1] if words[1:] else name[1:2]))
    return format_html(
        '<span class="ax-monogram" data-framework="{}" aria-hidden="true">{}</span>',
        name,
        letters.upper(),
    )


@register.simple_tag
def stars(count: float | None) -> SafeString:
    """Full and empty stars, said in words for who does not see them."""
    full = round(count or 0)
    said = _("%(stars)s of 5 stars") % {"stars": f"{count or 0:.1f}"}
    return format_html(
        '<span class="ax-stars" role="img" aria-label="{}">{}<span class="rest">{}</span></span>',
        said,
        "★" * full,
        "★" * (5 - full),
    )


@register.simple_tag
def ago(moment: datetime | None, empty: str = NONE) -> SafeString:
    """“3 minutes ago”, kept current by the page's script; the exact time on hover."""
    if moment is None:
        return format_html("<span>{}</span>", empty)
    told = _("%(time)s ago") % {"time": timesince(moment, timezone.now(), depth=1)}
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        told,
    )


@register.simple_tag
def clock(moment: datetime | None) -> SafeString:
    """The time of day to the millisecond, for timelines; the date on hover."""
    if moment is None:
        return format_html("<span>{}</span>", NONE)
    return format_html(
        '<time datetime="{}" title="{}" data-clock>{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC",
        f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}",
    )


@register.filter
def size(count: float | None) -> str:
    """Bytes as people read them: 48.2 MB."""
    if count is None:
        return NONE
    value = float(count)
    for unit in UNITS:
        if value < 1024 or unit == UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return ""


@register.filter
def decimals(value: float | None, places: int = 1) -> str:
    """A number with so many places, or a dash for none."""
    return NONE if value is None else f"{value:.{places}f}"


@register.filter
def price(usage: dict[str, Any]) -> str:
    """What models cost, as small as that is: 0.0042 USD. Empty where nobody said."""
    cost = usage.get("cost")
    if not isinstance(cost, int | float):
        return ""
    told = f"{cost:.6f}".rstrip("0").rstrip(".")
    return f"{told} {usage.get('currency') or 'USD'}"


@register.filter
def seconds_between(start: datetime | None, end: datetime | None) -> str:
    """How long it took: 840 ms, 3.2 s, 4 min."""
    if start is None or end is None:
        return NONE
    return duration((end - start).total_seconds())


@register.filter
def duration(seconds: float | None) -> str:
    """840 ms, 3.2 s, 4 min, 5 h."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


@register.filter
def pretty(value: Any) -> str:
    """JSON, indented; escaped by the template."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)


@register.filter
def words(text: str) -> SafeString:
    """What an author wrote, escaped; what stands in `back quotes` as code."""
    pieces = enumerate(QUOTED.split(text))  # every other one was quoted
    shown = ((format_html("<code>{}</code>", piece) if at % 2 else piece,) for at, piece in pieces)
    return format_html_join("", "{}", shown)


@register.filter
def changes(event: Any) -> list[dict[str, Any]]:
    """An audit event's before and after, field by field: [{name, before, after}]."""
    before, after = event.before or {}, event.after or {}
    names = [*before, *(name for name in after if name not in before)]
    shown = [name for name in names if before.get(name) != after.get(name)]
    return [
        {"name": name, "before": _plain(before.get(name)), "after": _plain(after.get(name))}
        for name in shown
    ]


@register.filter(name="plain")
def _plain(value: Any) -> str:
    """A value on one line: text as it is, nothing for none, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.simple_tag(takes_context=True)
def query(context: Context, **changed: Any) -> str:
    """This page's query string with some parameters changed; an empty value drops one."""
    request: HttpRequest = context["request"]
    asked = request.GET.copy()
    for name, value in changed.items():
        asked.pop(name, None)
        if value not in ("", None):
            asked[name] = str(value)
    return f"?{asked.urlencode()}" if asked else "?"
