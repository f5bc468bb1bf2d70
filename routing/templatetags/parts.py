"""How the console's templates show the parts of A2A messages and artifacts."""

from typing import Any

from django import template

from routing import content

register = template.Library()


@register.inclusion_tag("components/_parts.html")
def parts(holder: Any, address: str, *, joined: bool = False) -> dict[str, Any]:
    """The parts of a message or an artifact; `address`: where their files are, up to the number.

    `joined`: texts that follow one another are one, as the pieces of a streamed artifact are. What a message tells of
    tools is shown elsewhere (`routing.saying`).
    """
    found = holder.get("parts", []) if isinstance(holder, dict) else []
    numbered = content.runs(found) if joined else list(enumerate(found))
    numbered = [(number, part) for number, part in numbered if content.tool_of(part) is None]
    return {"parts": [(content.shown(part), f"{address}{number}/") for number, part in numbered]}


@register.filter
def brief(holder: Any) -> str:
    """A message's or artifact's words in short, and the names of its files."""
    return content.brief(holder.get("parts", [])) if isinstance(holder, dict) else ""
