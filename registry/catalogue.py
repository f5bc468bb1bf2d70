"""What stands at /.well-known/ai-catalog.json: AI Catalog 1.0 (github.com/Agent-Card/ai-catalog, specification/
ai-catalog.md), which Agentic Resource Discovery reads too. Pure.

Entries name no displayName, description or version, for their cards do (the specification's advice against drift).
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from registry.models import Agent

SPEC_VERSION: Final = "1.0"
MEDIA_TYPE: Final = "application/ai-catalog+json"
CARD_TYPE: Final = "application/a2a-agent-card+json"
PATH: Final = "/.well-known/ai-catalog.json"


def catalogue(
    agents: Sequence[Agent], *, public_url: str, after: str, more: bool
) -> dict[str, Any]:
    """A page of the catalogue. With `more`, its last entry is a catalogue itself: the page that follows."""
    publisher = urlsplit(public_url).hostname or "localhost"
    entries = [_entry(agent, public_url, publisher) for agent in agents]
    if more:
        entries.append(_next_page(agents[-1].slug, public_url, publisher))
    host = {"displayName": f"AgentX at {publisher}", "identifier": publisher}
    return {"specVersion": SPEC_VERSION, "host": host, "entries": entries}


def _entry(agent: Agent, public_url: str, publisher: str) -> dict[str, Any]:
    tags = sorted(capability.name for capability in agent.capabilities.all())
    entry = {
        "identifier": f"urn:air:{publisher}:a2a:{agent.slug}",
        "type": CARD_TYPE,
        "url": f"{public_url}/a2a/{agent.slug}/.well-known/agent-card.json",
        "updatedAt": agent.card_changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return entry | {"tags": tags} if tags else entry


def _next_page(last: str, public_url: str, publisher: str) -> dict[str, Any]:
    return {
        "identifier": f"urn:air:{publisher}:catalog:after-{last}",
        "type": MEDIA_TYPE,
        "url": f"{public_url}{PATH}?after={last}",
        "displayName": f"More agents, after {last}",
    }
