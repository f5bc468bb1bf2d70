"""How the console's templates show the parts of A2A messages and artifacts."""

from typing import Any

from django import template

from routing import content

register = template.Library()


@register.inclusion_tag("components/_parts.html")
def parts(holder: Any, address: str) -> dict[str, Any]:
    """The parts of a message or an artifact; `address`: where the files of its parts are, up to the number."""
    found = holder.get("parts", []) if isinstance(holder, dict) else []
    return {
        "parts": [(content.shown(part), f"{address}{number}/") for number, part in enumerate(found)]
    }


@register.filter
def brief(holder: Any) -> str:
    """A message's or artifact's words in short, and the names of its files."""
    return content.brief(holder.get("parts", [])) if isinstance(holder, dict) else ""
